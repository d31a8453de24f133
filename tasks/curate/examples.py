"""Rows of `examples` from chosen spans: masked, each in its split, with what is known of the right answer."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
import pyarrow as pa

from tasks.curate.answers import Later
from tasks.shared.gateways.phoenix import Example
from tasks.shared.records import Window
from tasks.shared.settings import DatasetKind
from tasks.shared.splits import cluster_of
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import EXAMPLES

SPANS = """
SELECT span_id, output, prompt_variables, metadata FROM spans WHERE list_contains($ids, span_id)
"""


@dataclass(frozen=True)
class Taken:
    """A candidate that becomes an example: a row of the pool, its stratum, its span's texts, a later right answer."""

    row: Mapping[str, Any]
    stratum: str
    texts: Mapping[str, Any]
    later: Later | None


@dataclass(frozen=True)
class Version:
    """A version of a dataset that is being made."""

    dataset: str
    kind: DatasetKind
    name: str
    made_at: dt.datetime


def example_id(dataset: str, span_id: str) -> str:
    """16 hex digits; the same span is the same example of a dataset for ever."""
    return sha256(f"{dataset}\0{span_id}".encode()).hexdigest()[:16]


def span_texts(lake: Lake, project: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By span of *rows* what it said in full: output, prompt variables, metadata."""
    found: dict[str, dict[str, Any]] = {}
    for day in sorted({row["start_time"].date() for row in rows}):
        ids = [row["span_id"] for row in rows if row["start_time"].date() == day]
        for texts in lake.sql(SPANS, project, Window.of_day(day), {"ids": ids}).to_pylist():
            found[texts["span_id"]] = texts
    return found


def content_of(taken: Taken, kind: DatasetKind, cohorts: Sequence[str]) -> dict[str, Any]:
    """All that *taken* says and that is said of it, to be masked together."""
    answer, _ = right_answer(kind, taken)
    return {
        "input": {"input": taken.row["question"], **variables(taken.texts["prompt_variables"])},
        "output": None if answer is None else {"output": answer},
        "said": said_of(cohorts, kind, taken),
    }


def example_row(taken: Taken, content: Mapping[str, Any], version: Version, split: str) -> dict[str, Any]:
    """The row of EXAMPLES that *taken*, with its masked *content*, becomes in *version*."""
    row = taken.row
    cluster = cluster_of(row["session_id"], row["trace_id"])
    metadata = {
        **content["said"],
        "stratum": taken.stratum,
        "split": split,
        "cluster": cluster,
        "version": version.name,
        "span_name": row["name"],
        "span_kind": row["kind"],
        "prompt_version": row["prompt_version"],
        "span_id": row["span_id"],
        "trace_id": row["trace_id"],
        "right_by": right_answer(version.kind, taken)[1],
    }
    return {
        "dataset": version.dataset,
        "example_id": example_id(version.dataset, row["span_id"]),
        "start_time": row["start_time"],
        "span_id": row["span_id"],
        "trace_id": row["trace_id"],
        "session_id": row["session_id"],
        "stratum": taken.stratum,
        "split": split,
        "input": _json(content["input"]),
        "output": None if content["output"] is None else _json(content["output"]),
        "metadata": _json({name: value for name, value in metadata.items() if value not in (None, {}, [])}),
        "version": version.name,
        "added_at": version.made_at,
    }


def right_answer(kind: DatasetKind, taken: Taken) -> tuple[str | None, str | None]:
    """The right answer as far as anybody knows one, and who does: a correction, the answer given, a later one."""
    row = taken.row
    if row["correction"]:
        return row["correction"], "correction"
    if kind in row["right_for"] and taken.texts["output"]:
        return taken.texts["output"], "people" if row["approved"] else "feedback" if row["positive"] else "scores"
    if taken.later and kind in ("golden", "failed"):
        return taken.later.output, f"later answer {taken.later.span_id}"
    return None, None


def said_of(cohorts: Sequence[str], kind: DatasetKind, taken: Taken) -> dict[str, Any]:
    """What people and the application say of the example, as far as the dataset is about that."""
    said: dict[str, Any] = {}
    known = _object(taken.texts["metadata"])
    said["cohort"] = {field: known[field] for field in cohorts if known.get(field) is not None}
    if kind not in taken.row["right_for"]:
        said["answer"] = taken.texts["output"]
    if kind in ("expert", "failed") and taken.row["opinions"]:
        said["labels"] = json.loads(taken.row["opinions"])
    return said


def variables(prompt_variables: str | None) -> dict[str, str]:
    """The prompt variables as texts."""
    return {
        name: value if isinstance(value, str) else _json(value)
        for name, value in _object(prompt_variables).items()
        if value is not None
    }


def table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows as a table, by time."""
    ordered = sorted(rows, key=lambda row: (row["start_time"], row["example_id"]))
    return pa.Table.from_pylist([dict(row) for row in ordered], EXAMPLES.schema)


def phoenix_example(row: Mapping[str, Any]) -> Example:
    """The example of Phoenix that a row of EXAMPLES is."""
    return Example(
        id=row["example_id"],
        input=json.loads(row["input"]),
        output=json.loads(row["output"]) if row["output"] else {},
        metadata=json.loads(row["metadata"]),
        span_id=row["span_id"],
        splits=(row["split"],),
    )


def _object(text: str | None) -> dict[str, Any]:
    """The JSON object in *text*; empty for anything else."""
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
