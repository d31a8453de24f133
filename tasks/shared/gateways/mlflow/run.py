"""What is logged: one run with all that belongs to it."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

PROJECT, KIND, DATE, SUBJECT = "nightjar.project", "nightjar.kind", "nightjar.date", "nightjar.subject"


@dataclass(frozen=True)
class Point:
    """One value of one metric."""

    name: str
    value: float
    step: int
    timestamp_ms: int


@dataclass(frozen=True)
class Dataset:
    """What a run was computed from, by its digest (at most 36 characters); the rows stay where they are.

    `use` is MLflow's word for what it was used for.
    """

    name: str
    digest: str
    source: str
    columns: Mapping[str, str]
    rows: int
    use: str = "monitoring"


@dataclass(frozen=True)
class Run:
    """All of a run. A run with the same project, kind, date and subject supersedes those before it.

    `subject` is what the run is about where it is no day: of a comparison, the gate and the two experiments; of a
    dataset, the version; of failures, the taxonomy and the window. `tables`
    are rows by path, shown by MLflow as tables and kept as CSV too. `children` are shown below the run; they come and
    go with it.
    """

    project: str
    kind: Literal["day", "trend", "comparison", "variant", "dataset", "failures"]
    name: str
    note: str
    points: Sequence[Point]
    date: str = ""
    subject: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    dataset: Dataset | None = None
    children: Sequence["Run"] = ()

    @property
    def identity(self) -> dict[str, str]:
        """The tags that a run shares with those it supersedes."""
        tags = {PROJECT: self.project, KIND: self.kind, DATE: self.date, SUBJECT: self.subject}
        return {name: value for name, value in tags.items() if value}

    @property
    def files(self) -> dict[str, bytes]:
        """Every artifact by its path, those of the tables among them."""
        made = {f"{path}{ending}": form(rows) for path, rows in self.tables.items() for ending, form in FORMS.items()}
        return {**self.artifacts, **made}

    @property
    def table_tags(self) -> dict[str, str]:
        """What tells MLflow's pages which artifacts are tables."""
        tables = [{"path": f"{path}.json", "type": "table"} for path in self.tables]
        return {"mlflow.loggedArtifacts": json.dumps(tables)} if tables else {}


def as_split(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """JSON as MLflow's own `log_table` writes it: columns, then rows of values."""
    columns = list(rows[0]) if rows else []
    return orjson.dumps({"columns": columns, "data": [[row[name] for name in columns] for row in rows]})


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """CSV with a header; nothing for no rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


FORMS = {".json": as_split, ".csv": as_csv}


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
        tags=[entities.InputTag("mlflow.data.context", dataset.use)],
    )
