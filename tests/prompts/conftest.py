"""A small lake for prompts: rows with what a test cares about."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings, SplitSettings
from tasks.shared.splits import cluster_of, split_of
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import TABLES

DAY = Window.of_day(dt.date(2026, 11, 19))
NOON = DAY.start + dt.timedelta(hours=12)
FILLED: dict[str, dict[str, Any]] = {
    "spans": {
        "kind": "LLM",
        "name": "generate",
        "status_code": "OK",
        "end_time": NOON,
        "latency_ms": 10.0,
        "dialect": "openinference",
        "attributes": "{}",
        "digest": "d",
        "output": "SELECT 1",
    },
    "decisions": {
        "unit": "span",
        "kind": "llm",
        "direction": "maximize",
        "version": "1",
        "status": "scored",
        "cost_usd": 0.0,
        "inclusion_probability": 1.0,
        "unit_digest": "d",
        "decided_at": NOON,
    },
    "annotations": {"unit": "span", "name": "user_feedback", "annotator_kind": "HUMAN", "identifier": ""},
    "examples": {
        "dataset": "golden",
        "stratum": "golden",
        "input": "{}",
        "metadata": "{}",
        "version": "v",
        "added_at": NOON,
    },
    "feedback": {"rating": "negative", "status": "matched", "read_at": NOON},
}


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake.open(LakeSettings(root=str(tmp_path / "lake")))


def put(lake: Lake, table: str, *rows: dict[str, Any], project: str = "p") -> None:
    """Store *rows* of *table* at noon."""
    declared = TABLES[table]
    filled = [{"start_time": NOON, **FILLED.get(table, {}), **row} for row in rows]
    lake.write(declared, project, DAY, pa.Table.from_pylist(filled, schema=declared.schema))


def sessions_in(split: str, count: int) -> list[str]:
    """Ids of *count* sessions that fall into *split*."""
    names = (f"session-{i}" for i in range(10_000))
    found = (name for name in names if split_of(cluster_of(name, ""), SplitSettings(), {}) == split)
    return [next(found) for _ in range(count)]
