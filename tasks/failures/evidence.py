"""The parts of the report that lead to traces: examples of each state, and how right the attribution is. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tasks.failures.figures import failing
from tasks.failures.quality import Accuracy, qualities
from tasks.failures.summary import Summary
from tasks.shared.gateways.phoenix.links import span_url, trace_url
from tasks.shared.pages.blocks import Block, Cell, Interval, Link, Number, Table, Text
from tasks.shared.pages.page import Part
from tasks.shared.pages.wording import excerpt, shortened

SHOWN_CHARACTERS = 400
DISAGREEMENTS = 10


def trace_link(summary: Summary, trace_id: str, text: str = "") -> Cell:
    """The trace in Phoenix, or its id where it is not there."""
    return Link(text or trace_id, trace_url(summary.phoenix_url, trace_id)) if summary.phoenix_url else trace_id


def examples_part(summary: Summary) -> Part:
    """The latest failures of each state, with trace and failing span."""
    by_state: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in reversed(failing(summary.rows)):
        if len(by_state[row["state"]]) < summary.examples:
            by_state[row["state"]].append(row)
    rows = [_example(summary, row) for state in summary.scope.taxonomy.states for row in by_state[state]]
    head = ("State", "Asked", "Why", "By", "Last success", "Trace", "Failing span")
    return Part(
        "examples", "Examples", [Table("The latest of each state", head, rows, "No run failed.", layout="cards")]
    )


def quality_part(summary: Summary) -> Part:
    """The accuracy against labels, beside code, judge and baselines; then runs where they disagree."""
    found = qualities(summary.rows, summary.scope.taxonomy)
    if not found:
        text = "No run has a label, so nobody can tell how right this is. Label some: docs/guides/failure-analysis.md."
        return Part("quality", "How right this is", [Text(text, "note")])
    labelled = sum(row["label_state"] is not None for row in summary.rows)
    head = ("By", "State of all runs", "95 % interval", "n", "State of failing runs", "95 % interval ", "n ",
            "Step of failing runs", "95 % interval  ", "n  ")  # fmt: skip
    rows = [(each.way, *_cells(each.runs), *_cells(each.state), *_cells(each.step)) for each in found]
    note = (
        f"Against the labels of {labelled:,} of {len(summary.rows):,} runs, which the analysis was not shown. Last "
        "step and random know that a run failed, and only guess where; random is the chance of a draw among "
        "states or steps."
    )
    blocks: list[Block] = [Table("Right answers", head, rows, note=note), _disagreements(summary)]
    return Part("quality", "How right this is", blocks)


def _disagreements(summary: Summary) -> Table:
    apart = [row for row in summary.rows if row["label_state"] not in (None, row["detected_state"])]
    rows = [
        (
            trace_link(summary, row["trace_id"]),
            row["label_state"],
            row["detected_state"],
            row["code_state"],
            row["judge_state"],
        )
        for row in reversed(apart[-DISAGREEMENTS:])
    ]
    note = f"The latest {len(rows)} of {len(apart):,}." if len(apart) > len(rows) else ""
    head = ("Trace", "Label", "Code and judge", "Code", "Judge")
    return Table("Where label and analysis differ", head, rows, "They agree on every labelled run.", note)


def _example(summary: Summary, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    span: Cell = row["span_id"]
    if span and summary.phoenix_url:
        span = Link(str(span), span_url(summary.phoenix_url, str(span)))
    asked, why = shortened(row["request"]), excerpt(row["explanation"], SHOWN_CHARACTERS)
    return row["state"], asked, why, row["source"], row["last_success"], trace_link(summary, row["trace_id"]), span


def _cells(accuracy: Accuracy | None) -> tuple[Cell, ...]:
    if accuracy is None or not accuracy.n:
        return None, None, None
    interval = accuracy.interval
    bounds = None if interval[0] is None else Interval(*interval, "share")
    return Number(accuracy.value, "share"), bounds, Number(accuracy.n)
