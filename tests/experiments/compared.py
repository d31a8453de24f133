"""A small comparison in a lake: twelve questions in two strata, a candidate that is cheaper and wrong more often."""

import datetime as dt
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.experiments.comparison import Comparison, read_comparison
from tasks.experiments.scores import read_sides
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, EXPERIMENT_RUNS, EXPERIMENTS, SPANS, Table

PROJECT, DATASET = "shop", "golden-queries"
DAY = Window.of_day(dt.date(2026, 11, 19))
NOON = DAY.start + dt.timedelta(hours=12)
BASELINE, CANDIDATE = "ba5e" * 4, "ca4d" * 4
SQL = "SELECT count(*)\nFROM devices\nWHERE site_id = :site"
# By example: what the candidate is worse in, and what it is better in.
WRONG = {3: "SELECT count(*) FROM device", 4: "I cannot help with that.", 7: "SELECT 1; DROP TABLE devices"}
BETTER = 9
LOST = 11


def experiment(name: str, role: str, model: str) -> dict[str, Any]:
    """A row of `experiments`."""
    return {
        "experiment": name,
        "start_time": NOON,
        "comparison": "sql",
        "role": role,
        "variant": f"prompt:sql-writer@{role} {model}",
        "specification": f'{{"target":"prompt:sql-writer@{role}","model":"{model}","parameters":{{"temperature":0}}}}',
        "dataset": DATASET,
        "dataset_version": "golden-queries-2026-11-18",
        "dataset_digest": "d1" * 8,
        "examples": 12,
        "repetitions": 1,
        "traced_in": f"Experiment-{role}",
        "phoenix_dataset_id": "RGF0YXNldDox",
        "phoenix_experiment_id": f"RXhw{role}",
        "git_sha": "0123456789abcdef",
    }


def _answer(row: dict[str, Any], number: int) -> dict[str, Any]:
    """A row of `experiment_runs`."""
    baseline = row["role"] == "baseline"
    lost = number == LOST and not baseline
    text = WRONG.get(number, SQL) if not baseline else ("SELECT" if number == BETTER else SQL)
    return {
        "experiment": row["experiment"],
        "example_id": f"example-{number:02}",
        "repetition": 1,
        "start_time": NOON,
        "trace_id": f"{row['role']}-{number:02}",
        "span_id": f"span-{row['role']}-{number:02}",
        "cluster": f"session-{number // 2}",
        "stratum": "joins" if number % 3 else "plain",
        "status": "errored" if lost else "answered",
        "output": None if lost else text,
        "error": "no answer within 60 s after 3 tries" if lost else None,
        "latency_ms": None if lost else (900.0 if baseline else 600.0) + 10 * number,
        "model": row["variant"].split()[-1],
        "prompt_tokens": 800 if baseline else 300,
        "completion_tokens": 40,
        "cost_usd": None if lost else (0.0021 if baseline else 0.0008) + 0.0001 * (number % 3),
        "prompt_version": f"UHJvbXB0{row['role']}",
    }


def _span(run: dict[str, Any], number: int) -> dict[str, Any]:
    question = f"How many devices are at site {number}?"
    metadata = {"experiment": run["experiment"], "example_id": run["example_id"], "expected": {"output": SQL}}
    return {
        "span_id": run["span_id"],
        "trace_id": run["trace_id"],
        "kind": "LLM",
        "name": "generate_sql",
        "status_code": "OK",
        "start_time": NOON,
        "end_time": NOON,
        "latency_ms": 1.0,
        "dialect": "openinference",
        "attributes": "{}",
        "digest": "0",
        "input": question,
        "output": run["output"],
        "prompt_variables": orjson.dumps({"input": question, "question": question}).decode(),
        "metadata": orjson.dumps(metadata).decode(),
    }


def _decisions(run: dict[str, Any]) -> list[dict[str, Any]]:
    """One of code about each answer, one of a judge about its trace; what is not there is not judged."""
    right = run["output"] == SQL
    shared = {
        "trace_id": run["trace_id"],
        "start_time": NOON,
        "version": "1",
        "direction": "maximize",
        "cost_usd": 0.0,
        "inclusion_probability": 1.0,
        "unit_digest": "0",
        "decided_at": NOON,
    }
    if run["status"] != "answered":
        return []
    why = "The statement is the expected one." if right else f"It says {run['output'][:20]!r}, which is not asked."
    code = {"unit": "span", "unit_id": run["span_id"], "evaluator": "sql_matches_expected", "kind": "code"}
    judge = {"unit": "trace", "unit_id": run["trace_id"], "evaluator": "quality", "kind": "llm"}
    return [
        {**shared, **code, "status": "scored", "score": float(right), "label": "same", "explanation": why},
        {**shared, **judge, "status": "scored", "score": 4.5 if right else 2.0, "explanation": "Reads well."},
    ]


def lake_at(path: Path, *, candidate_model: str = "openai/ft:gpt-4o-mini:shop") -> Lake:
    """The lake with both experiments."""
    lake = Lake.open(LakeSettings(root=str(path)))
    rows = [experiment(BASELINE, "baseline", "openai/gpt-4o"), experiment(CANDIDATE, "candidate", candidate_model)]
    put(lake, EXPERIMENTS, PROJECT, rows)
    for row in rows:
        runs = [_answer(row, number) for number in range(12)]
        put(lake, EXPERIMENT_RUNS, PROJECT, runs, row["role"])
        spans = [_span(run, number) for number, run in enumerate(runs) if run["status"] == "answered"]
        put(lake, SPANS, row["traced_in"], spans)
        put(lake, DECISIONS, row["traced_in"], [decision for run in runs for decision in _decisions(run)])
    return lake


def put(lake: Lake, table: Table, project: str, rows: list[dict[str, Any]], file: str = "part") -> None:
    """Store *rows* of the day."""
    lake.write(table, project, DAY, pa.Table.from_pylist(rows, schema=table.schema), file)


def comparison(path: Path, **how: Any) -> Comparison:
    """The comparison as it is read from that lake."""
    lake = lake_at(path, **how)
    sides = read_sides(lake, PROJECT, BASELINE, CANDIDATE, ("sql_matches_expected", "quality"))
    return read_comparison(lake, PROJECT, "sql", sides)
