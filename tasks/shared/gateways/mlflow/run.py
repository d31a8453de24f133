"""What is logged: one run with all that belongs to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Point:
    """One value of one metric."""

    name: str
    value: float
    step: int
    timestamp_ms: int


@dataclass(frozen=True)
class Dataset:
    """What a run was computed from, by its digest (at most 36 characters); the rows stay where they are."""

    name: str
    digest: str
    source: str
    columns: Mapping[str, str]
    rows: int


@dataclass(frozen=True)
class Run:
    """All of a run. A run with the same project, kind and date supersedes those before it."""

    project: str
    kind: Literal["day", "trend"]
    name: str
    note: str
    points: Sequence[Point]
    date: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    dataset: Dataset | None = None


def dataset_input(dataset: Dataset) -> Any:
    """MLflow's entity for *dataset*: its description, without its rows."""
    from mlflow import entities

    schema = [{"name": name, "type": kind, "required": False} for name, kind in dataset.columns.items()]
    return entities.DatasetInput(
        entities.Dataset(
            name=dataset.name[:500],
            digest=dataset.digest,
            source_type="nightjar_lake",
            source=json.dumps({"uri": dataset.source}),
            schema=json.dumps({"mlflow_colspec": schema}),
            profile=json.dumps({"num_rows": dataset.rows, "num_elements": dataset.rows * len(schema)}),
        ),
        tags=[entities.InputTag("mlflow.data.context", "monitoring")],
    )
