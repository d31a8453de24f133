"""What a model says of the failures, as a part of the report: every claim with the runs it rests on. Pure."""

from collections.abc import Iterator

from tasks.failures.claims import Analysis, Claim
from tasks.failures.evidence import trace_link
from tasks.failures.summary import Summary
from tasks.shared.pages.blocks import Block, Cell, Number, Table, Text
from tasks.shared.pages.page import Part
from tasks.shared.pages.wording import excerpt, number

LINKED = 3
TITLES = {
    "patterns": ("Recurring patterns", ("Pattern",)),
    "fixes": ("Fixes", ("Fix", "How to test it")),
    "validator_rules": ("Validator rules", ("Rule",)),
    "unit_tests": ("Unit tests", ("Test", "Given", "Expect")),
}
TRACES = ("Rests on", "and", "and ")


def written_insights(summary: Summary) -> Iterator[Block]:
    """The model's sentences over all states."""
    if summary.insights and summary.insights.claims.of("insights"):
        rows = [_row(summary, claim) for claim in summary.insights.claims.of("insights")]
        yield Table("What a model says of it", ("Insight", "Runs named", *TRACES), rows, layout="cards")


def analysis_part(summary: Summary) -> Part:
    """State by state."""
    if not summary.analyses:
        return Part("why", "Why they fail", [Text("No model was asked.", "note")])
    blocks: list[Block] = [_asked(summary)]
    for each in summary.analyses:
        blocks += _tables(summary, each)
    return Part("why", "Why they fail", blocks)


def _asked(summary: Summary) -> Table:
    everyone = [*summary.analyses, *([summary.insights] if summary.insights else [])]
    rows = [
        (
            each.state or "all states",
            Number(each.failures),
            Number(each.told),
            Number(each.clusters),
            Number(each.questions),
            Number(each.claims.dropped),
            Number(each.cost_usd, "usd"),
            each.status.replace("_", " ") + (f": {excerpt(each.trouble, 200)}" if each.trouble else ""),
        )
        for each in everyone
    ]
    head = ("State", "Failures", "Told of", "Different texts", "Questions", "Claims dropped", "Cost", "Came to")
    note = "A claim is dropped when it names no run, or one that the model was not told of."
    return Table("What the model was asked", head, rows, note=note)


def _tables(summary: Summary, analysis: Analysis) -> list[Block]:
    found: list[Block] = []
    for part, (title, columns) in TITLES.items():
        claims = analysis.claims.of(part)
        if claims:
            rows = [_row(summary, claim) for claim in claims]
            head = (*columns, "Runs named", *TRACES)
            found.append(Table(f"{analysis.state}: {title.lower()}", head, rows, layout="cards"))
    return found


def _row(summary: Summary, claim: Claim) -> tuple[Cell, ...]:
    links: list[Cell] = [trace_link(summary, trace) for trace in claim.trace_ids[:LINKED]]
    texts = [excerpt(text) for text in claim.texts.values()]
    return (*texts, number(len(claim.trace_ids), "count"), *links, *[None] * (LINKED - len(links)))
