"""Labels that people wrote into a Phoenix dataset, as the annotations that they stand for.

An example is a label once its output, or else its metadata, has a `label` or a `score`. It is about the unit that its
metadata names as `unit_id`, as the label queue's examples do, or else about the span it came from, the span's trace or
session.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pyarrow as pa

from tasks.shared.gateways.phoenix import Example
from tasks.shared.records import Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS

# A label that was taken out of the dataset goes from the lake too.
LABELS_REPLACED = replace(ANNOTATIONS, rewrite="replace")
JUDGED = """
SELECT unit_id, any_value(unit) AS unit, min(start_time) AS start_time FROM decisions
WHERE evaluator = $judge AND list_contains($ids, unit_id) GROUP BY unit_id
"""
CAME_FROM = "SELECT span_id, trace_id, session_id FROM spans WHERE list_contains($ids, span_id)"


@dataclass(frozen=True)
class DatasetLabel:
    """What somebody says in an example. `unit_id` is None where only the span that it came from is known."""

    example_id: str
    unit_id: str | None
    span_id: str | None
    label: str | None
    score: float | None
    annotator: str
    draw: Mapping[str, Any]


def labels_in(examples: Iterable[Example]) -> Iterator[DatasetLabel]:
    """The labels among *examples*; one without a label waits for it."""
    for example in examples:
        said = example.output if _has_label(example.output) else example.metadata
        if _has_label(said):
            label, score, unit_id = said.get("label"), _number(said.get("score")), example.metadata.get("unit_id")
            yield DatasetLabel(
                example.id,
                str(unit_id) if unit_id else None,
                example.span_id,
                None if label is None else str(label),
                score,
                str(said.get("annotator") or example.metadata.get("annotator") or ""),
                {key: example.metadata[key] for key in ("inclusion_probability", "draw") if key in example.metadata},
            )


def label_rows(
    lake: Lake, project: str, window: Window, judge: str, labels: Mapping[str, Sequence[DatasetLabel]]
) -> pa.Table:
    """Rows of ANNOTATIONS for the *labels* (by dataset) of units that *judge* decided on in *window*."""
    every = [(dataset, each) for dataset, some in labels.items() for each in some]
    came_from = _units_of_spans(lake, project, window, [each.span_id for _, each in every if each.span_id])
    asked = [[each.unit_id] if each.unit_id else came_from.get(each.span_id or "", []) for _, each in every]
    ids = sorted({unit_id for some in asked for unit_id in some})
    found = lake.sql(JUDGED, project, window, {"judge": judge, "ids": ids}).to_pylist() if ids else []
    judged = {row["unit_id"]: row for row in found}
    rows = [
        _row(each, judged[unit_id], judge, dataset)
        for (dataset, each), some in zip(every, asked, strict=True)
        for unit_id in some
        if unit_id in judged
    ]
    return pa.Table.from_pylist(rows, schema=ANNOTATIONS.schema)


def by_day_to_write(lake: Lake, project: str, window: Window, file: str, rows: pa.Table) -> dict[dt.date, pa.Table]:
    """*rows* by their day; no rows on a day of which *file* in the lake has labels that are gone."""
    there = (path for path in lake.files(ANNOTATIONS, project, window) if path.endswith(f"/{file}.parquet"))
    days = [start.date() for start in rows["start_time"].to_pylist()]
    before = (dt.date.fromisoformat(path.rpartition("/date=")[2][:10]) for path in there)
    return {day: rows.filter(pa.array([each == day for each in days], pa.bool_())) for day in sorted({*days, *before})}


def _row(said: DatasetLabel, unit: Mapping[str, Any], judge: str, dataset: str) -> dict[str, Any]:
    return {
        "annotation_id": f"{dataset}:{said.example_id}:{unit['unit_id']}",
        "unit": unit["unit"],
        "unit_id": unit["unit_id"],
        "start_time": unit["start_time"],
        "name": judge,
        "annotator_kind": "HUMAN",
        "label": said.label,
        "score": said.score,
        "identifier": "/".join(part for part in (f"dataset:{dataset}", said.annotator) if part),
        "metadata": orjson.dumps(dict(said.draw), option=orjson.OPT_SORT_KEYS).decode(),
    }


def _units_of_spans(lake: Lake, project: str, window: Window, span_ids: Sequence[str]) -> dict[str, list[str]]:
    """By span, the ids it may stand for: its own, its trace's and its session's."""
    if not span_ids:
        return {}
    rows = lake.sql(CAME_FROM, project, window, {"ids": list(span_ids)}).to_pylist()
    return {row["span_id"]: [unit_id for unit_id in row.values() if unit_id] for row in rows}


def _has_label(said: Mapping[str, Any]) -> bool:
    return said.get("label") not in (None, "") or _number(said.get("score")) is not None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
