"""Rows that every check lets pass; `broken_rows` has what to change so that a given check does not."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from tasks.shared.records import Window
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import TABLES as ALL_TABLES
from tasks.shared.store.tables import Table

Row = dict[str, Any]

DAY = Window.of_day(dt.date(2026, 11, 19))
NOON = DAY.start + dt.timedelta(hours=12)
SECOND = dt.timedelta(seconds=1)
WEEK = dt.timedelta(days=7)
# A single row over the limit warns.
STRICT = CheckSettings(
    max_share_without_session=0, max_share_without_model=0, max_share_without_parent=0, volume_change=0.5
)
AMOUNTS = ("prompt", "completion", "total", "cache_read", "cache_write", "reasoning", "audio")

GOOD: Mapping[str, Row] = {
    "deliveries": {
        "channel": "team",
        "start_time": NOON,
        "kind": "slack",
        "topic": "alert:1",
        "event": "raised",
        "severity": "critical",
        "title": "Errors",
        "status": "sent",
        "attempts": 1,
        "ended_at": NOON,
    },
    "prompt_candidates": {
        "prompt": "writer",
        "round": "0" * 16,
        "start_time": NOON,
        "purpose": "optimisation",
        "base_version": "V1",
        "version": "V2",
        "outcome": "proposed",
        "reason": "not tried yet",
        "document": "{}",
    },
    "spans": {
        "trace_id": "t1",
        "session_id": "s1",
        "kind": "LLM",
        "name": "answer",
        "status_code": "OK",
        "start_time": NOON,
        "end_time": NOON + SECOND,
        "latency_ms": 1000.0,
        "model": "m",
        "cost_usd": 0.01,
        "dialect": "openinference",
        "attributes": "{}",
        "digest": "d",
        **{f"{name}_tokens": 1 for name in AMOUNTS},
    },
    "decisions": {
        "unit": "span",
        "trace_id": "t1",
        "start_time": NOON,
        "evaluator": "no_error",
        "version": "1",
        "kind": "code",
        "direction": "maximize",
        "status": "scored",
        "score": 1.0,
        "cost_usd": 0.0,
        "inclusion_probability": 1.0,
        "unit_digest": "d",
        "decided_at": NOON,
    },
    "annotations": {
        "unit": "span",
        "unit_id": "s1",
        "start_time": NOON,
        "name": "correct",
        "annotator_kind": "HUMAN",
        "score": 1.0,
        "identifier": "",
    },
    "phoenix_costs": {
        "start_time": NOON,
        "end_time": DAY.end,
        "models": "gpt-4o",
        "calls": 2,
        "tokens": 100,
        "cost_usd": 0.5,
        "phoenix_tokens": 100,
        "phoenix_cost_usd": 0.5,
        "reason": "same",
        "told": "",
        "asked_at": NOON,
    },
    "feedback": {
        "start_time": NOON,
        "rating": "positive",
        "status": "matched",
        "matched_by": "trace_id",
        "trace_id": "t1",
        "span_id": "s1",
        "read_at": NOON,
    },
    "measurements": {
        "start_time": NOON,
        "measure": "error_rate",
        "dimension": "",
        "n": 10,
        "clusters": 4,
        "weight": 10.0,
        "total": 1.0,
        "weight_squares": 30.0,
        "total_squares": 1.0,
        "products": 3.0,
        "sketch": "",
        "source": "0",
    },
    "alert_events": {
        "start_time": NOON,
        "event": "raised",
        "alert_id": "a",
        "rule": "error_rate",
        "series": "",
        "severity": "critical",
        "value": 0.4,
        "message": "too many errors",
        "channels": "",
        "quiet": False,
        "who": "nightjar",
        "recorded_at": NOON,
    },
    "label_queue": {
        "unit": "span",
        "start_time": NOON,
        "evaluator": "toxicity",
        "version": "1",
        "stratum": "fail",
        "inclusion_probability": 0.5,
        "queued_at": NOON,
    },
    "examples": {
        "dataset": "golden-queries",
        "start_time": NOON,
        "span_id": "s1",
        "trace_id": "t1",
        "stratum": "golden",
        "split": "train",
        "input": '{"input": "How many?"}',
        "output": '{"output": "Five."}',
        "metadata": "{}",
        "version": "golden-queries-2026-11-19",
        "added_at": NOON,
    },
    "dataset_versions": {
        "dataset": "golden-queries",
        "start_time": NOON,
        "digest": "0123456789abcdef",
        "examples": 1,
        "added": 1,
        "rules": "{}",
        "counts": "{}",
        "phoenix_dataset_id": "RGF0YXNldDox",
        "phoenix_version_id": "RGF0YXNldFZlcnNpb246MQ==",
    },
    "metrics": {
        "start_time": NOON,
        "end_time": NOON + SECOND,
        "dimension": "",
        "value": 0.5,
        "n": 10,
        "coverage": 1.0,
        "low": 0.4,
        "high": 0.6,
        "unit": "share",
    },
    "period_metrics": {
        "start_time": NOON,
        "end_time": NOON + WEEK,
        "edition": "week",
        "dimension": "",
        "value": 0.5,
        "n": 10,
        "coverage": 1.0,
        "unit": "share",
    },
    "verdicts": {
        "start_time": NOON,
        "gate": "prompts",
        "verdict": "pass",
        "baseline": "e1",
        "candidate": "e2",
        "dataset": "golden-queries",
        "dataset_version": "golden-queries-2026-11-19",
        "document": '{"verdict": "pass"}',
    },
    "experiments": {
        "start_time": NOON,
        "comparison": "nightly",
        "role": "baseline",
        "variant": "callable:app:answer",
        "specification": "{}",
        "dataset": "golden-queries",
        "dataset_version": "golden-queries-2026-11-19",
        "dataset_digest": "d",
        "examples": 1,
        "repetitions": 1,
        "traced_in": "Experiment-1",
        "phoenix_dataset_id": "RGF0YXNldDox",
        "phoenix_experiment_id": "RXhwZXJpbWVudDox",
    },
    "experiment_runs": {
        "experiment": "e1",
        "repetition": 1,
        "start_time": NOON,
        "trace_id": "t1",
        "span_id": "s1",
        "cluster": "c1",
        "stratum": "golden",
        "status": "answered",
        "output": "Five.",
        "latency_ms": 7.0,
        "prompt_tokens": 7,
        "completion_tokens": 2,
        "cost_usd": 0.01,
    },
}
# The column whose value tells one row from another.
NAMED_BY = {
    "deliveries": "message_id",
    "prompt_candidates": "candidate",
    "spans": "span_id",
    "decisions": "unit_id",
    "annotations": "annotation_id",
    "feedback": "feedback_id",
    "label_queue": "unit_id",
    "phoenix_costs": "model",
    "measurements": "measure",
    "alert_events": "event_id",
    "examples": "example_id",
    "dataset_versions": "version",
    "metrics": "name",
    "period_metrics": "name",
    "verdicts": "verdict_id",
    "experiments": "experiment",
    "experiment_runs": "example_id",
}
# For each column that a check looks at beyond being there: changes to a good row that the check finds.
TABLES: Mapping[str, Table] = {name: ALL_TABLES[name] for name in GOOD}


def good(table: Table, name: str, /, **changes: Any) -> Row:
    """A row that every check lets pass, with *changes*."""
    return {**dict.fromkeys(table.schema.names), **GOOD[table.name], NAMED_BY[table.name]: name, **changes}


def rows_of(table: Table, rows: Sequence[Row]) -> pa.Table:
    """The rows in the table's schema."""
    return pa.Table.from_pylist(list(rows), table.schema)


@contextmanager
def staged(
    lake: Lake, table: Table, rows: Sequence[Row], window: Window = DAY, file: str = "part", project: str = "p"
) -> Iterator[Stage]:
    """A stage that holds *rows*."""
    with lake.stage(table, project, window, file) as stage:
        stage.append(rows_of(table, rows))
        yield stage
