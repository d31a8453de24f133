"""A small lake of questions and answers, with what people and evaluators say of them."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS, DECISIONS, FEEDBACK, SPANS
from tests.evaluate.rows import decision, decision_table, span_row, span_table

DAY = Window.of_day(dt.date(2026, 11, 18))
WINDOW = Window(DAY.start, DAY.end + dt.timedelta(days=1))
NOON = DAY.start + dt.timedelta(hours=12)
# Questions of no two of which one is near the other.
QUESTIONS = (
    "How many devices are active per region?",
    "Which sensors report a battery below ten percent?",
    "Show the average temperature of the cold store last week.",
    "Who repaired the pump at the harbour most recently?",
    "List firmware updates that failed on gateways in Spain.",
    "What is the median time until a critical alert is resolved?",
    "Compare energy use of both plants between May and June.",
    "Rank technicians by visits to customers abroad.",
)


def lake_at(folder: Any) -> Lake:
    """An empty lake."""
    return Lake.open(LakeSettings(root=str(folder)))


def asked(number: int, question: str, **values: Any) -> dict[str, Any]:
    """A root span with that question, answered, in a session of its own; by the minute of *number*."""
    span_id = values.pop("span_id", f"{number:016x}")
    given = {"trace_id": f"{number:032x}", "session_id": f"session-{number}", "kind": "CHAIN", "name": "chat"}
    given |= {"start_time": NOON + dt.timedelta(minutes=number), "input": question, "output": f"answer {number}"}
    return span_row(span_id, **given | values)


def put_spans(lake: Lake, *rows: Mapping[str, Any], project: str = "p") -> None:
    """Store spans of the window."""
    lake.write(SPANS, project, WINDOW, span_table(*(dict(row) for row in rows)))


def put_decisions(lake: Lake, *rows: Mapping[str, Any], project: str = "p") -> None:
    """Store decisions of the window."""
    lake.write(DECISIONS, project, WINDOW, decision_table(*(dict(row) for row in rows)))


def scored(of: Mapping[str, Any], evaluator: str, score: float | None, **values: Any) -> dict[str, Any]:
    """A decision on a span."""
    given = {"trace_id": of["trace_id"], "start_time": of["start_time"], "score": score, "label": None}
    return decision("span", of["span_id"], evaluator, **given | values)


def put_annotations(lake: Lake, rows: Iterable[Mapping[str, Any]], project: str = "p") -> None:
    """Store what people said; each row names `of` (a span), `name`, and what it says."""
    filled = []
    for number, row in enumerate(rows):
        said = dict(row)
        of = said.pop("of")
        filled.append(
            {
                "annotation_id": f"a{number}",
                "unit": "span",
                "unit_id": of["span_id"],
                "start_time": of["start_time"],
                "annotator_kind": "HUMAN",
                "identifier": "",
                **said,
            }
        )
    lake.write(ANNOTATIONS, project, WINDOW, pa.Table.from_pylist(filled, ANNOTATIONS.schema))


def put_feedback(lake: Lake, of: Mapping[str, Any], rating: str, project: str = "p") -> None:
    """Store what a person told the application, an hour later."""
    at = of["start_time"] + dt.timedelta(hours=1)
    row = {"feedback_id": of["span_id"], "start_time": at, "rating": rating, "status": "matched", "read_at": at}
    rows = [row | {"matched_by": "trace_id", "trace_id": of["trace_id"], "span_id": of["span_id"]}]
    lake.write(FEEDBACK, project, WINDOW, pa.Table.from_pylist(rows, FEEDBACK.schema))
