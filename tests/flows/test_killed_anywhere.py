"""kill -9 at every stage, and a run afterwards: as if nothing had happened."""

import datetime as dt
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from deployments.simulator.delivery import send
from deployments.simulator.simulation import simulate
from deployments.simulator.traffic import Traffic
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import TABLES
from tests.flows.killed_runs import Point, killed_and_run

pytestmark = pytest.mark.servers

DAY = dt.date(2026, 11, 18)
# In the report: how long ago the latest span came, when the page was made, and the links to the runs that made it.
OF_THE_MOMENT = re.compile(
    r"[\d,.]+ min(?=</td>)|(?<=Made )[^<]+ UTC|(?<=/runs/)[0-9a-f]{32}|(?<=/flow-run/)[0-9a-f-]{36}"
)
# Tags that name the run itself.
OF_THE_RUN = ("prefect.", "mlflow.")
NIGHT = ("nightly", "--date", str(DAY))
STAGE = "tasks.shared.store.stage:Stage"
CLIENT = "mlflow.tracking.client:MlflowClient"
POINTS: dict[str, Point] = {
    "spans fetched, not yet checked": (f"{STAGE}.seal", 2, ""),
    "some hours of spans in place": (f"{STAGE}._publish_partition", 4, "/spans/"),
    "late spans not yet looked for": ("tasks.fetch.steps:missed", 1, ""),
    "people's annotations not yet read": ("tasks.shared.gateways.phoenix.gateway:Phoenix.annotations", 1, ""),
    "some decisions in place": (f"{STAGE}._publish_partition", 2, "/decisions/"),
    "some annotations written": ("tasks.shared.gateways.phoenix.annotating:_post", 2, ""),
    "metrics computed, not in place": (f"{STAGE}._publish_partition", 1, "/metrics/"),
    "the run half logged": (f"{CLIENT}.log_batch", 2, ""),
    "the run's artifacts half logged": (f"{CLIENT}.log_artifact", 1, ""),
    "the new run complete, the old ones still there": (f"{CLIENT}.delete_run", 1, ""),
    "the report not yet saved": ("tasks.shared.store.lake:Lake.put_file", 1, ".html"),
    "the report not yet attached to the run": ("tasks.shared.gateways.mlflow.experiment:Mlflow.attach", 1, ""),
    "the day not yet marked": ("tasks.fetch.steps:set_done", 1, ""),
}


async def test_killed_at_every_stage_and_run_again_it_ends_as_an_undisturbed_run(
    nightjar_env: Path, servers, project, monkeypatch
):
    # Fifteen nights are run: two evaluators of spans and one of traces are enough to die between.
    monkeypatch.setenv("NIGHTJAR_EVALUATORS__ENABLED", '["has_output", "no_error", "refusal"]')
    await send(simulate(Traffic(project=project, seed=3, days=1, until=DAY, spans=200)), servers.phoenix_url)
    assert killed_and_run({}, NIGHT) == 0
    undisturbed = state(servers, project)
    forget(servers, project)
    monkeypatch.setenv("NIGHTJAR_LAKE__ROOT", str(nightjar_env.parent / "lake-of-the-killed"))
    assert killed_and_run(POINTS, NIGHT) == 0
    assert state(servers, project) == undisturbed


def state(servers, project: str) -> dict[str, Any]:
    """Lake, annotations and MLflow runs, without what says when or by which run."""
    lake = Lake.open(load_settings().lake)
    tables = {}
    for name, table in TABLES.items():
        columns = [c.name for c in table.columns if not c.volatile]
        rows = lake.read(table, project, Window.of_day(DAY), columns).to_pylist()
        tables[name] = sorted(rows, key=repr)
    assert len(tables["spans"]) > 100
    assert len(tables["decisions"]) > 100
    return {"lake": tables, "annotations": annotations(servers, project, tables["spans"]), "mlflow": runs(servers)}


def annotations(servers, project: str, spans: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Every annotation of the project's spans and traces."""
    found = []
    for unit in ("span", "trace"):
        ids = sorted({row[f"{unit}_id"] for row in spans})
        for start in range(0, len(ids), 200):
            answer = (
                httpx.get(
                    f"{servers.phoenix_url}/v1/projects/{project}/{unit}_annotations",
                    params={f"{unit}_ids": ids[start : start + 200], "limit": 10_000},
                    timeout=30,
                )
                .raise_for_status()
                .json()
            )
            found += [
                (
                    a["name"],
                    a[f"{unit}_id"],
                    a["identifier"],
                    a["annotator_kind"],
                    json.dumps([a["result"], a["metadata"]], sort_keys=True),
                )
                for a in answer["data"]
            ]
    assert len(found) == len({row[:3] for row in found}) > 100
    return sorted(found)


def runs(servers) -> list[dict[str, Any]]:
    """The live runs of the settings' experiment: kind, status, params, metrics and datasets."""
    from tasks.shared.gateways.mlflow import Mlflow

    settings = load_settings()
    client = Mlflow.open(settings, settings.project)._client
    experiment = client.get_experiment_by_name(experiment_name_of(settings))
    found = [
        {
            "kind": run.data.tags["nightjar.kind"],
            "status": run.info.status,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": {name: text for name, text in run.data.tags.items() if not name.startswith(OF_THE_RUN)},
            "datasets": [d.dataset.digest for d in run.inputs.dataset_inputs],
            "artifacts": artifacts(client, run.info.run_id),
        }
        for run in client.search_runs([experiment.experiment_id])
    ]
    assert sorted(run["kind"] for run in found) == ["day", "trend"]
    return sorted(found, key=lambda run: run["kind"])


def artifacts(client, run_id: str) -> dict[str, str]:
    """What is in the run's files by path."""
    with TemporaryDirectory() as folder:
        root = Path(client.download_artifacts(run_id, "", folder))
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): OF_THE_MOMENT.sub("", path.read_text(encoding="utf-8")) for path in files}


def experiment_name_of(settings) -> str:
    """The settings' experiment."""
    from tasks.shared.gateways.mlflow import experiment_name

    return experiment_name(settings, settings.project)


def forget(servers, project: str) -> None:
    """Make Phoenix and MLflow as they were before the first run."""
    from tasks.shared.gateways.mlflow import Mlflow

    for unit in ("span", "trace"):
        httpx.delete(
            f"{servers.phoenix_url}/v1/projects/{project}/{unit}_annotations", params={"delete_all": True}, timeout=60
        ).raise_for_status()
    settings = load_settings()
    client = Mlflow.open(settings, settings.project)._client
    experiment = client.get_experiment_by_name(experiment_name_of(settings))
    for run in client.search_runs([experiment.experiment_id]):
        client.delete_run(run.info.run_id)
