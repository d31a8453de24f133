"""Experiments in a lake, as the experiment flow leaves them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import pyarrow as pa

from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, EXPERIMENT_RUNS, EXPERIMENTS, METRICS, Table

DAY = Window.of_day(dt.date(2026, 11, 19))
NOON = DAY.start + dt.timedelta(hours=12)
PROJECT = "p"
Answer = Mapping[str, Any]


def lake_at(folder: Any) -> Lake:
    """An empty lake."""
    return Lake.open(LakeSettings(root=str(folder)))


def identifier(name: str) -> str:
    """An experiment's id."""
    return sha256(name.encode()).hexdigest()[:16]


def put(lake: Lake, table: Table, rows: Sequence[Answer], project: str = PROJECT, file: str = "part") -> None:
    """Write *rows*, what they leave out being null."""
    filled = [{**dict.fromkeys(table.schema.names), "start_time": NOON, **row} for row in rows]
    lake.write(table, project, DAY, pa.Table.from_pylist(filled, table.schema), file)


def store(lake: Lake, name: str, answers: Sequence[Answer], planned: int = 0, **values: Any) -> str:
    """One experiment with its *answers*, each a run with `scores` by evaluator; returns its id."""
    experiment = identifier(name)
    put(
        lake,
        EXPERIMENTS,
        [
            {
                "experiment": experiment,
                "comparison": "prompts",
                "role": name,
                "variant": f"prompt:sql-writer@{name}",
                "specification": "{}",
                "dataset": "golden",
                "dataset_version": "golden-2026-11-18",
                "dataset_digest": "d" * 16,
                "examples": planned or len({answer["example_id"] for answer in answers}),
                "repetitions": 1,
                "traced_in": f"experiment {name}",
                "phoenix_dataset_id": "D",
                "phoenix_experiment_id": "E",
                **values,
            }
        ],
        file=experiment,
    )
    runs = [run_of(experiment, answer) for answer in answers]
    put(lake, EXPERIMENT_RUNS, runs, file=experiment)
    decided = [row for answer, run in zip(answers, runs, strict=True) for row in decisions_of(run, answer)]
    for evaluator in sorted({row["evaluator"] for row in decided}):
        rows = [row for row in decided if row["evaluator"] == evaluator]
        put(lake, DECISIONS, rows, f"experiment {name}", f"{evaluator}@1")
    return experiment


def run_of(experiment: str, answer: Answer) -> dict[str, Any]:
    """A row of `experiment_runs`."""
    repetition = answer.get("repetition", 1)
    span = identifier(f"{experiment} {answer['example_id']} {repetition} {answer.get('try', 1)}")
    usual = {
        "repetition": repetition,
        "trace_id": span * 2,
        "span_id": span,
        "cluster": answer["example_id"],
        "stratum": "usual",
        "status": "answered",
        "output": "SELECT 1",
        "latency_ms": 1000.0,
        "prompt_tokens": 90,
        "completion_tokens": 10,
        "cost_usd": 0.01,
    }
    own = {key: value for key, value in answer.items() if key not in {"scores", "try"}}
    return {"experiment": experiment, **usual, **own}


def decisions_of(run: Mapping[str, Any], answer: Answer) -> list[dict[str, Any]]:
    """What the evaluators decided on the run: a score, a status, or fields of a decision."""
    found = []
    for evaluator, said in answer.get("scores", {}).items():
        fields = said if isinstance(said, dict) else {"status": said} if isinstance(said, str) else {"score": said}
        usual = {
            "unit": "span",
            "unit_id": run["span_id"],
            "trace_id": run["trace_id"],
            "evaluator": evaluator,
            "version": "1",
            "kind": "code",
            "direction": "maximize",
            "status": "scored",
            "cost_usd": 0.001,
            "inclusion_probability": 1.0,
            "unit_digest": "d",
            "decided_at": NOON,
        }
        found.append({**usual, **fields})
    return found


def answers(*scores: Any, metric: str = "valid", **values: Any) -> list[dict[str, Any]]:
    """An answer to each of the examples e0, e1 ... with these scores of one metric."""
    return [{"example_id": f"e{i}", "scores": {metric: score}, **values} for i, score in enumerate(scores)]


def put_metrics(lake: Lake, *rows: Answer) -> None:
    """Metrics of the production traffic."""
    usual = {"end_time": DAY.end, "dimension": "", "n": 100, "coverage": 1.0, "unit": "share"}
    put(lake, METRICS, [{**usual, **row} for row in rows])
