"""What people and other tools left on spans, traces and sessions in Phoenix, as rows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from tasks.shared.records import Unit, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS

OWN_IDENTIFIER = "nightjar:"


def annotated_units(lake: Lake, project: str, window: Window) -> dict[Unit, dict[str, dt.datetime]]:
    """Unit kind to {id: start} of every span, trace and session whose spans lie in the window."""
    rows = lake.sql("SELECT span_id, trace_id, session_id, start_time FROM spans ORDER BY start_time", project, window)
    starts = rows["start_time"].to_pylist()
    units: dict[Unit, dict[str, dt.datetime]] = {}
    columns: tuple[tuple[Unit, str], ...] = (("span", "span_id"), ("trace", "trace_id"), ("session", "session_id"))
    for unit, column in columns:
        first: dict[str, dt.datetime] = {}
        for unit_id, start in zip(rows[column].to_pylist(), starts, strict=True):
            if unit_id:
                first.setdefault(unit_id, start)
        units[unit] = first
    return units


def annotation_rows(unit: Unit, found: Sequence[Mapping[str, Any]], started: Mapping[str, dt.datetime]) -> pa.Table:
    """Rows of ANNOTATIONS from Phoenix's JSON; Nightjar's own annotations are left out, they are decisions here."""
    rows = [
        {
            "annotation_id": annotation["id"],
            "unit": unit,
            "unit_id": annotation[f"{unit}_id"],
            "start_time": started[annotation[f"{unit}_id"]],
            "name": annotation["name"],
            "annotator_kind": annotation["annotator_kind"],
            "label": result.get("label"),
            "score": result.get("score"),
            "explanation": result.get("explanation"),
            "identifier": annotation.get("identifier") or "",
            "metadata": orjson.dumps(annotation.get("metadata") or {}, option=orjson.OPT_SORT_KEYS).decode(),
            "user_id": annotation.get("user_id"),
            "created_at": _time(annotation.get("created_at")),
            "updated_at": _time(annotation.get("updated_at")),
        }
        for annotation in found
        if not (annotation.get("identifier") or "").startswith(OWN_IDENTIFIER)
        for result in [annotation.get("result") or {}]
    ]
    return pa.Table.from_pylist(rows, schema=ANNOTATIONS.schema)


def _time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
