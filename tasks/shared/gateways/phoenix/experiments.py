"""Experiments of datasets: found again or made, their runs and evaluations posted once, and read back.

Phoenix takes one run and one evaluation a request. It overwrites a run that failed, and answers 409 to a run that is
there; an evaluation it overwrites by run and name. So posting again is safe, and what is there already is not sent.
"""

import asyncio
import datetime as dt
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tasks.shared.errors import NightjarError
from tasks.shared.gateways.phoenix.annotating import AnnotatorKind
from tasks.shared.gateways.phoenix.connection import Connection, Json, json_list, json_object
from tasks.shared.gateways.phoenix.failures import Answered
from tasks.shared.gateways.phoenix.links import comparison_url

NIGHTJAR = "nightjar"
CONFLICT = 409
PER_PAGE = 1000
Place = tuple[str, int]


@dataclass(frozen=True)
class PhoenixExperiment:
    """An experiment as Phoenix has it; its traces go to `project`."""

    id: str
    dataset_id: str
    version_id: str
    name: str
    project: str


@dataclass(frozen=True)
class NewExperiment:
    """An experiment that Phoenix shall have: `nightjar` is the id by which it is found again."""

    nightjar: str
    dataset_id: str
    version_id: str
    name: str
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    repetitions: int = 1
    splits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One answer to the example with Phoenix's id *node_id*; the repetition counts from 1. An error has no output."""

    node_id: str
    repetition: int
    trace_id: str | None
    start_time: dt.datetime
    end_time: dt.datetime
    output: Any = None
    error: str | None = None

    @property
    def place(self) -> Place:
        """Phoenix keeps one run for it."""
        return self.node_id, self.repetition


@dataclass(frozen=True)
class StoredRun:
    """A run that Phoenix has."""

    id: str
    trace_id: str | None
    error: str | None


@dataclass(frozen=True)
class Evaluation:
    """What one evaluator says of the run at *place*, which is of the trace *trace_id*."""

    place: Place
    trace_id: str
    name: str
    kind: AnnotatorKind
    at: dt.datetime
    score: float | None = None
    label: str | None = None
    explanation: str | None = None

    @property
    def result(self) -> tuple[str, float | None, str | None, str | None]:
        """What is compared with what Phoenix has."""
        return self.kind, self.score, self.label or None, self.explanation or None


@dataclass(frozen=True)
class PostReceipt:
    """How much was sent, and how much was there already.

    `kept` are places where Phoenix has a successful run of another trace, which it does not give up.
    """

    written: int = 0
    already_there: int = 0
    kept: int = 0


class Experiments:
    """The experiments of one Phoenix server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ensure(self, wanted: NewExperiment) -> PhoenixExperiment:
        """The oldest experiment of the dataset with *wanted*'s id in its metadata; it is made when there is none."""
        path = f"/v1/datasets/{quote(wanted.dataset_id, safe='')}/experiments"
        found: list[Json] = []
        async for page in self._connection.pages(path, {"limit": PER_PAGE}):
            found += [row for row in page if (row["metadata"] or {}).get(NIGHTJAR) == wanted.nightjar]
        if found:
            return _experiment(min(found, key=lambda row: str(row["created_at"])))
        body = {
            "name": wanted.name,
            "description": wanted.description,
            "metadata": {**wanted.metadata, NIGHTJAR: wanted.nightjar},
            "version_id": wanted.version_id,
            "repetitions": wanted.repetitions,
            **({"splits": list(wanted.splits)} if wanted.splits else {}),
        }
        return _experiment((await self._connection.call("POST", path, body=body, read=json_object))["data"])

    async def runs(self, experiment_id: str) -> dict[Place, StoredRun]:
        """The runs that Phoenix has, by example and repetition."""
        found = {}
        path = f"/v1/experiments/{quote(experiment_id, safe='')}/runs"
        async for page in self._connection.pages(path, {"limit": PER_PAGE}):
            for row in page:
                place = row["dataset_example_id"], row["repetition_number"]
                found[place] = StoredRun(row["id"], row["trace_id"], row["error"])
        return found

    async def post_runs(self, experiment_id: str, runs: Sequence[Run]) -> PostReceipt:
        """Make Phoenix have *runs*. A run that failed gives way to another one, a successful one stays."""
        if not runs:
            return PostReceipt()
        stored = await self.runs(experiment_id)
        missing = [run for run in runs if _can_be_posted(run, stored.get(run.place))]
        kept = sum(_is_anothers(run.trace_id, stored.get(run.place)) for run in runs)
        path = f"/v1/experiments/{quote(experiment_id, safe='')}/runs"
        await _all(self._post(path, _run_body(run)) for run in missing)
        return PostReceipt(len(missing), len(runs) - len(missing) - kept, kept)

    async def evaluations(self, experiment_id: str) -> dict[tuple[Place, str], Json]:
        """The evaluations that Phoenix has, by run and name: `annotator_kind`, `score`, `label`, `explanation` ..."""
        path = f"/v1/experiments/{quote(experiment_id, safe='')}/json"
        found = {}
        for run in await self._connection.call("GET", path, read=json_list):
            for annotation in run["annotations"]:
                found[(run["example_id"], run["repetition_number"]), annotation["name"]] = annotation
        return found

    async def post_evaluations(self, experiment_id: str, evaluations: Sequence[Evaluation]) -> PostReceipt:
        """Make Phoenix have *evaluations* of runs that it has; what it has already is not sent again."""
        if not evaluations:
            return PostReceipt()
        runs, stored = await self.runs(experiment_id), await self.evaluations(experiment_id)
        own = [e for e in evaluations if e.place in runs and runs[e.place].trace_id == e.trace_id]
        missing = [each for each in own if not _says(stored.get((each.place, each.name)), each)]
        bodies = [_evaluation_body(runs[each.place].id, each) for each in missing]
        await _all(self._post("/v1/experiment_evaluations", body) for body in bodies)
        return PostReceipt(len(missing), len(own) - len(missing), len(evaluations) - len(own))

    def url(self, dataset_id: str, experiment_ids: Sequence[str]) -> str:
        """The page that compares experiments of a dataset, the first of them being what the others are held against."""
        return comparison_url(self._connection.url, dataset_id, experiment_ids)

    async def _post(self, path: str, body: Json) -> None:
        try:
            await self._connection.call("POST", path, body=body, read=json_object)
        except Answered as error:
            if error.status != CONFLICT:  # somebody else was first, or an earlier try whose answer was lost
                raise


async def _all(calls: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for *calls*, none of which outlives a failure; the connection limits how many are at Phoenix at once."""
    try:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(call)
    except* NightjarError as failed:
        raise failed.exceptions[0] from failed


def _experiment(row: Json) -> PhoenixExperiment:
    return PhoenixExperiment(
        row["id"], row["dataset_id"], row["dataset_version_id"], row["name"], row["project_name"] or ""
    )


def _can_be_posted(run: Run, stored: StoredRun | None) -> bool:
    """Whether Phoenix has no run there, or another one that failed."""
    if stored is None:
        return True
    return stored.error is not None and (stored.error, stored.trace_id) != (run.error, run.trace_id)


def _is_anothers(trace_id: str | None, stored: StoredRun | None) -> bool:
    """Whether Phoenix has a successful run there that is of another trace."""
    return stored is not None and stored.error is None and stored.trace_id != trace_id


def _run_body(run: Run) -> Json:
    return {
        "dataset_example_id": run.node_id,
        "repetition_number": run.repetition,
        "trace_id": run.trace_id,
        "start_time": run.start_time.isoformat(),
        "end_time": run.end_time.isoformat(),
        "output": run.output,
        "error": run.error,
    }


def _says(stored: Json | None, evaluation: Evaluation) -> bool:
    if stored is None or stored["error"] is not None:
        return False
    there = stored["annotator_kind"], stored["score"], stored["label"] or None, stored["explanation"] or None
    return there == evaluation.result


def _evaluation_body(run_id: str, evaluation: Evaluation) -> Json:
    kind, score, label, explanation = evaluation.result
    return {
        "experiment_run_id": run_id,
        "name": evaluation.name,
        "annotator_kind": kind,
        "start_time": evaluation.at.isoformat(),
        "end_time": evaluation.at.isoformat(),
        "result": {"score": score, "label": label, "explanation": explanation},
    }
