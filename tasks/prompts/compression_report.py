"""What a round of compression came to, for people: what was taken away, what it saves, what it costs in quality."""

from collections.abc import Sequence

from tasks.prompts.candidates import Candidate
from tasks.prompts.round_report import changes_of, sentence_of
from tasks.prompts.rounds import Round
from tasks.shared.gateways.phoenix import PromptText
from tasks.shared.pages.blocks import Block, Cell, Interval, Number, Table, Text
from tasks.shared.pages.page import Page, Part

CLOSING = (
    "Candidates are made by rule from the version in production, and each is decided on by the gate alone, at its own "
    "confidence: with several tried, one that should not pass does so more easily. So the winner is tagged candidate, "
    "and production is for a person to move."
)
COLUMNS = ("Candidate", "Version", "Outcome", "Characters", "Cost", "95 %", "Difference", "95 % of it", "n", "Why")


def compression_page(ended: Round, project: str, base: PromptText) -> Page:
    """The report of a round on the prompt *base*."""
    rows = [(each.candidate, str(each.document["what"]), changes_of(base, each.text())) for each in ended.candidates]
    changes: list[Block] = [Table("Changes", ("Candidate", "What", "Changes"), rows, empty="Nothing.", layout="cards")]
    parts = (
        Part("glance", "At a glance", [Text(sentence_of(ended)), *[Text(note, "note") for note in ended.notes]]),
        Part("candidates", "Candidates", [_candidates(ended.candidates)]),
        Part("changes", "What was taken away", changes),
    )
    subtitle = f"{project}, in place of version {ended.base_version}, by {ended.metric}"
    return Page("Nightjar prompts", f"Cheaper {ended.prompt}", subtitle, parts, CLOSING)


def _candidates(candidates: Sequence[Candidate]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for each in candidates:
        cost = (each.document.get("ratios") or {}).get("cost") or {}
        test = each.document.get("test") or {}
        difference = test.get("difference") or {}
        rows.append(
            (
                each.candidate,
                each.version,
                each.outcome,
                Number(each.document.get("characters"), "share"),
                Number(cost.get("value"), "share"),
                Interval(cost.get("low"), cost.get("high"), "share"),
                Number(difference.get("value"), "difference"),
                Interval(difference.get("low"), difference.get("high"), "difference"),
                Number(test.get("n")),
                each.reason,
            )
        )
    return Table("Candidates", COLUMNS, rows, empty="There is nothing to take away by rule.")
