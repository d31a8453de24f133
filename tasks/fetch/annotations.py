"""What people and other tools left on spans, traces and sessions in Phoenix, as rows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from tasks.shared.records import OWN_IDENTIFIER, REACH_HOURS, Unit, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS

ID_COLUMNS: dict[Unit, str] = {"span": "span_id", "trace": "trace_id", "session": "session_id"}
# Without the hours before the window, a trace that runs into it would seem to start anew in each window.
STARTED_SQL = """
    SELECT {id}, min(start_time) AS started FROM spans WHERE {id} <> ''
    GROUP BY {id} HAVING started >= $start ORDER BY started, {id}
"""


def annotated_units(lake: Lake, project: str, window: Window) -> dict[Unit, dict[str, dt.datetime]]:
    """Unit kind to {id: start} of every span, trace and session that starts in the window."""
    return {unit: _started(lake, project, window, column) for unit, column in ID_COLUMNS.items()}


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


def _started(lake: Lake, project: str, window: Window, column: str) -> dict[str, dt.datetime]:
    read = window.reaching_back(REACH_HOURS["session"])
    rows = lake.sql(STARTED_SQL.format(id=column), project, read, {"start": window.start})
    return dict(zip(rows[column].to_pylist(), rows["started"].to_pylist(), strict=True))


def _time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
