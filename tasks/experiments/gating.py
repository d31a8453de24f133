"""The verdict taken: read from the lake, decided, kept once, and written for CI and people."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.experiments.document import Subject, document, outcome_of
from tasks.experiments.evidence import evidence
from tasks.experiments.junit import junit
from tasks.experiments.planning import read_earlier, told
from tasks.experiments.scores import read_sides
from tasks.experiments.trial import Trial
from tasks.experiments.verdict import decide
from tasks.experiments.verdict_markdown import comment
from tasks.shared.checks import gate as check
from tasks.shared.errors import ConfigurationError, GateFailed, Inconclusive
from tasks.shared.gateways.phoenix.links import trace_url
from tasks.shared.records import Batch, Window
from tasks.shared.settings import GateSettings, Settings, without_password
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import VERDICTS

Document = Mapping[str, Any]
KEPT = "SELECT document FROM verdicts WHERE verdict_id = $verdict_id"
COMPARED = "SELECT dataset, dataset_version FROM experiments WHERE experiment = $experiment ORDER BY start_time LIMIT 1"
COMMENT, VERDICT, JUNIT = "comment.md", "verdict.json", "junit.xml"


def demanding(gate: GateSettings, name: str) -> GateSettings:
    """The gate, if it demands anything.

    Raises:
        ConfigurationError: it demands nothing of any metric.
    """
    if not gate.metrics:
        raise ConfigurationError(
            f"gate {name!r} demands nothing: gates.{name}.metrics is empty. Name an evaluator or judge there."
        )
    return gate


def power_notes(settings: Settings, trial: Trial) -> list[str]:
    """What the examples of *trial* can tell by the demands of its gate, in sentences."""
    earlier = read_earlier(Lake.open(settings.lake), trial.project, trial.asked.dataset)
    clusters = [question.cluster for question in trial.asked.questions]
    return [each.note for each in told(trial.gate, clusters, earlier)]


@dataclass(frozen=True)
class Case:
    """Two experiments that the gate *name* decides on; `doubts` are those that running them raised.

    `clusters` are those of all planned examples, by id; None where nobody knows them.
    """

    name: str
    project: str
    baseline: str
    candidate: str
    doubts: tuple[str, ...] = ()
    clusters: Mapping[str, str] | None = None


def take_verdict(settings: Settings, gate: GateSettings, case: Case, *, show: Callable[..., Any]) -> Document:
    """Decide, and keep the verdict; the same numbers are kept once. *show* makes an artifact of what checks find.

    Raises:
        Inconclusive: an experiment is not in the lake, or the two cannot be compared. There is no verdict then.
    """
    lake, days = Lake.open(settings.lake), settings.judges.calibration_days
    try:
        ids = case.baseline, case.candidate
        sides = read_sides(lake, case.project, *ids, gate.metrics, clusters=case.clusters, calibration_days=days)
    except Inconclusive as error:
        # What kept the experiments from being run tells more than that they are not there.
        raise Inconclusive("; ".join(case.doubts) or str(error), doubts=case.doubts) from error
    compared = lake.sql(COMPARED, case.project, None, {"experiment": case.candidate}).to_pylist()[0]
    subject = Subject(case.name, case.project, compared["dataset"], compared["dataset_version"])
    verdict = decide(sides, gate, case.doubts)
    said = document(subject, sides, verdict, evidence(sides.pairs), gate, at=dt.datetime.now(dt.UTC))
    kept = lake.sql(KEPT, case.project, None, {"verdict_id": said["verdict_id"]}).to_pylist()
    if kept:
        found: Document = orjson.loads(kept[0]["document"])
        return found
    _keep(lake, settings, said, show)
    return said


def files_of(document: Document, phoenix_url: str) -> dict[str, bytes]:
    """What CI and people read, by file name."""
    address = without_password(phoenix_url)
    page = comment(document, lambda trace: trace_url(address, trace) if trace else None)
    json = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
    return {VERDICT: json, COMMENT: page.encode(), JUNIT: junit(document)}


def artifacts_of(files: Mapping[str, bytes], name: str) -> dict[str, str]:
    """The *files* of the gate called *name* as Markdown, by the keys under which a flow run shows them.

    The action reads them back from there where a worker has run the gate: what is no Markdown stands between fences.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return {
        f"gate-{slug}": files[COMMENT].decode(),
        f"verdict-{slug}": f"````json\n{files[VERDICT].decode()}````\n",
        f"junit-{slug}": f"````xml\n{files[JUNIT].decode()}\n````\n",
    }


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write *files* into *folder*, which is made if need be.

    Raises:
        ConfigurationError: the folder cannot be written. The verdict is kept nevertheless.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"output {folder} cannot be written ({error}). Name a folder that can; the verdict is in the lake."
        ) from error


def verdict_receipt(document: Document, project: str, notes: Sequence[str] = ()) -> Batch:
    """The receipt of a verdict: how many demands came out how, and the verdict in a sentence."""
    at = dt.datetime.fromisoformat(document["decided_at"])
    outcomes = [demand["outcome"] for demand in document["demands"]]
    return Batch(
        table=VERDICTS.name,
        project=project,
        window=Window.of_day(at.date()),
        rows=1,
        counts={outcome: outcomes.count(outcome) for outcome in ("pass", "fail", "inconclusive")},
        notes=(outcome_of(document), *notes),
        doubts=tuple(document["doubts"]),
        ids={"verdict": document["verdict_id"], "outcome": document["verdict"]},
    )


def raise_unless_passed(verdict: Batch) -> None:
    """Let the exit code be the verdict's.

    Raises:
        GateFailed: the candidate surely breaks a demand.
        Inconclusive: there is not enough to decide.
    """
    identifier, outcome = verdict.ids["verdict"], verdict.ids["outcome"]
    if outcome != "pass":
        error = GateFailed if outcome == "fail" else Inconclusive
        raise error(f"{verdict.notes[0]} Verdict {identifier}.", identifier)


def _keep(lake: Lake, settings: Settings, said: Document, show: Callable[..., Any]) -> None:
    at = dt.datetime.fromisoformat(said["decided_at"])
    row = {
        "verdict_id": said["verdict_id"],
        "start_time": at,
        "gate": said["gate"],
        "verdict": said["verdict"],
        "baseline": said["baseline"]["experiment"],
        "candidate": said["candidate"]["experiment"],
        "dataset": said["dataset"]["name"],
        "dataset_version": said["dataset"]["version"],
        "document": orjson.dumps(said).decode(),
    }
    with lake.stage(VERDICTS, said["project"], Window.of_day(at.date()), file=said["verdict_id"]) as stage:
        stage.append(pa.Table.from_pylist([row], VERDICTS.schema))
        check(stage, lake, settings.checks, show)
        stage.publish()
