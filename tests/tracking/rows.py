"""A small lake for the tracking tests: every row is what its columns need, with what the test cares about on top."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from tasks.shared.records import Metric, Window
from tasks.shared.settings import LakeSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import TABLES
from tasks.tracking.known_judges import KnownJudge, scales
from tasks.tracking.rating_words import rating_words
from tasks.tracking.summary import all_summaries, metric_rows, metrics_in

DAY = Window.of_day(dt.date(2026, 11, 19))
NOON_HOURS = dt.timedelta(hours=12)
NOON = DAY.start + NOON_HOURS
FILLED: dict[str, dict[str, Any]] = {
    "spans": {
        "trace_id": "t",
        "kind": "CHAIN",
        "name": "step",
        "status_code": "OK",
        "end_time": NOON,
        "latency_ms": 10.0,
        "dialect": "openinference",
        "attributes": "{}",
        "digest": "d",
    },
    "decisions": {
        "unit": "span",
        "kind": "code",
        "direction": "maximize",
        "version": "1",
        "status": "scored",
        "cost_usd": 0.0,
        "inclusion_probability": 1.0,
        "unit_digest": "d",
        "decided_at": NOON,
    },
    "annotations": {"unit": "span", "annotator_kind": "HUMAN", "identifier": ""},
    "feedback": {"rating": "positive", "status": "unmatched", "read_at": NOON},
    "label_queue": {
        "unit": "span",
        "evaluator": "sql",
        "version": "1",
        "stratum": "pass",
        "inclusion_probability": 1.0,
        "queued_at": NOON,
    },
    "phoenix_costs": {},
    "quarantine": {"table_name": "spans", "stage": "normalise", "reason": "end before start", "row": "{}"},
    "checks": {
        "end_time": NOON,
        "table_name": "spans",
        "file": "part",
        "column": "",
        "severity": "warning",
        "success": True,
        "checked": 1,
        "failing": 0,
        "observed": "",
        "examples": "[]",
    },
}


def put(
    lake: Lake, table: str, *rows: dict[str, Any], project: str = "p", window: Window = DAY, file: str = "part"
) -> None:
    """Store *rows* of *table*, at noon and with keys numbered where the test gives neither."""
    declared = TABLES[table]
    key = next(name for name in declared.key if name.endswith("_id") or name in {"expectation", "model"})
    filled = [
        {"start_time": window.start + NOON_HOURS, key: f"{i:016x}", **FILLED[table], **row}
        for i, row in enumerate(rows)
    ]
    lake.write(declared, project, window, pa.Table.from_pylist(filled, schema=declared.schema), file)


def summarised(lake: Lake, name: str, *judges: KnownJudge) -> dict[str, Any]:
    """The metrics of the group *name*, by `name` or `name{dimension}`, as the lake would give them back."""
    return by_name(answered(lake, name, *judges))


def answered(lake: Lake, name: str, *judges: KnownJudge) -> list[Metric]:
    """The metrics of the group *name*, with *judges* known."""
    summary = all_summaries()[name]
    rows = lake.sql(
        summary.query,
        "p",
        DAY,
        relations={"scales": scales(judges), "ratings": rating_words(Settings.model_construct())},
    )
    return list(summary.metrics(rows.to_pylist()))


def by_name(metrics: Iterable[Metric]) -> dict[str, Any]:
    """*metrics* by `name` or `name{dimension}`, as the lake would give them back."""
    kept = metrics_in(metric_rows(metrics, DAY))
    return {m.name + (f"{{{m.dimension}}}" if m.dimension else ""): m for m in kept}


def lake_at(folder: Any) -> Lake:
    """An empty lake in *folder*."""
    return Lake.open(LakeSettings(root=str(folder)))
