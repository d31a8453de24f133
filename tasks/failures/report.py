"""The report of a window: where an agent's runs failed, and why, as a page. Pure."""

from collections.abc import Iterator

from tasks.failures.analysis_parts import analysis_part, written_insights
from tasks.failures.evidence import examples_part, quality_part, trace_link
from tasks.failures.figures import (
    Share,
    by_kind,
    by_source,
    by_state,
    failing,
    failure_rate,
    judged,
    transitions,
)
from tasks.failures.insights import key_insights
from tasks.failures.summary import Summary
from tasks.failures.taxonomy import NONE
from tasks.shared.gateways.phoenix.links import project_url
from tasks.shared.pages.blocks import Block, Cell, Chart, HeatMap, Interval, Link, Number, Table, Text
from tasks.shared.pages.page import Page, Part
from tasks.shared.statistics.share_difference import share_difference

CLOSING = (
    "A run's first failure is the first state, in the taxonomy's order, that failed and was not made good by a later "
    "step. Counts are exact; intervals are Wilson's, of shares of runs taken for independent. A label on the trace "
    "counts as the truth; else code and judge decide together."
)
KINDS = {"llm": "model", "tool": "tool or retriever", "other": "other", "missing": "no span at all"}


def failures_page(summary: Summary) -> Page:
    """The whole page."""
    scope = summary.scope
    parts = (
        Part("insights", "Key insights", list(_insights(summary))),
        Part("states", "By state", list(_states(summary))),
        Part("transitions", "From the last success to the first failure", [heat_map(summary)]),
        Part("steps", "Models and tools", [_kinds(summary)]),
        Part("trend", "Against the windows before", list(_trend(summary))),
        analysis_part(summary),
        examples_part(summary),
        quality_part(summary),
        Part("sources", "By whose word", list(_sources(summary))),
    )
    links = (Link("Phoenix", project_url(summary.phoenix_url, scope.project)),) if summary.phoenix_url else ()
    subtitle = f"{scope.project}, {scope.window}"
    return Page("Nightjar failures", f"Failures of {scope.taxonomy.name}", subtitle, parts, CLOSING, links)


def state_chart(summary: Summary) -> Chart:
    """Failures by state, as bars."""
    shares = by_state(summary.rows, summary.scope.taxonomy)
    rows = [(state, float(share.count)) for state, share in shares.items()]
    return Chart("First failures by state", "bars", "State", ("failures",), rows, alarming=("failures",))


def heat_map(summary: Summary) -> HeatMap:
    """The matrix of transitions."""
    matrix = transitions(summary.rows, summary.scope.taxonomy)
    return HeatMap(
        "Failing runs",
        "Last success",
        "First failure",
        matrix.rows,
        matrix.columns,
        matrix.counts,
        "No run failed.",
        "The row none holds the runs that failed before any state had completed." if NONE in matrix.rows else "",
    )


def _insights(summary: Summary) -> Iterator[Block]:
    yield from (Text(sentence) for sentence in key_insights(summary))
    yield from written_insights(summary)


def _states(summary: Summary) -> Iterator[Block]:
    shares = by_state(summary.rows, summary.scope.taxonomy)
    earlier = by_state(summary.before[-1][1], summary.scope.taxonomy) if summary.before else {}
    yield state_chart(summary)
    yield Table(
        "First failures by state",
        ("State", "Failures", "Of all failures", "95 % interval", "n", "Window before", "Evidence"),
        [
            (
                state,
                Number(share.count),
                Number(share.value, "share"),
                Interval(*share.interval, "share"),
                Number(share.n),
                Number(earlier[state].count) if state in earlier else None,
                _evidence(summary, state),
            )
            for state, share in shares.items()
        ],
        note=_order(summary),
    )


def _order(summary: Summary) -> str:
    taxonomy = summary.scope.taxonomy
    return f"The states were learned from {taxonomy.learned_from}." if taxonomy.learned_from else ""


def _evidence(summary: Summary, state: str) -> Cell:
    traces = [row["trace_id"] for row in failing(summary.rows) if row["state"] == state]
    return trace_link(summary, traces[-1], "the latest") if traces else None


def _kinds(summary: Summary) -> Table:
    kinds = by_kind(summary.rows)
    rows: list[tuple[Cell, ...]] = [
        (KINDS[kind], *_share(share), Number(loud.count), Number(loud.value, "share"))
        for kind, (share, loud) in kinds.items()
    ]
    head = ("Failing step", "Failures", "Of all failures", "95 % interval", "With status ERROR", "Share of these")
    note = "Whoever looks for status ERROR finds only the failures of the last but one column."
    return Table("What kind of step failed", head, rows, "No run failed.", note)


def _share(share: Share) -> tuple[Cell, ...]:
    return Number(share.count), Number(share.value, "share"), Interval(*share.interval, "share")


def _trend(summary: Summary) -> Iterator[Block]:
    windows = [*summary.before, (summary.scope.window, summary.rows)]
    rates = [(str(window), failure_rate(rows)) for window, rows in windows]
    if len(rates) > 1:
        begins = [f"{window.start:%m-%d %H:00}" for window, _ in windows]
        dots = [(name, rate.value, *rate.interval) for name, (_, rate) in zip(begins, rates, strict=True)]
        yield Chart("Share of runs that failed", "dots", "Window from", ("rate", "low", "high"), dots, "share")
    rows: list[tuple[Cell, ...]] = []
    for place, (name, rate) in enumerate(rates):
        change: tuple[Cell, ...] = (None, None)
        if place and rate.n and rates[place - 1][1].n:
            before = rates[place - 1][1]
            value, low, high = share_difference(rate.count, rate.n, before.count, before.n)
            change = (Number(value, "difference"), Interval(low, high, "difference"))
        rows.append((name, Number(rate.n), *_share(rate), *change))
    head = ("Window", "Runs", "Failed", "Share", "95 % interval", "Change to the one before", "95 % interval of it")
    note = "" if summary.before else "No window before was analysed: run the flow on it to compare."
    yield Table("Runs and failures", head, rows, note=note)


def _sources(summary: Summary) -> Iterator[Block]:
    rows: list[tuple[Cell, ...]] = [(name, Number(count)) for name, count in by_source(summary.rows).items()]
    yield Table("Runs by who told where they failed", ("Source", "Runs"), rows, "No runs.")
    statuses = judged(summary.rows)
    verdicts = sum(row["judge_state"] is not None for row in summary.rows)
    asked = [(name, Number(count)) for name, count in statuses.items()]
    note = f"{verdicts:,} of {len(summary.rows):,} runs have a verdict of the judge; of the others code alone tells."
    yield Table("Runs by the judge's decision", ("Status", "Runs"), asked, "No runs.", note)
