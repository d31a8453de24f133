"""The tracking flow on the real Prefect and MLflow servers."""

import datetime as dt
import time

import pytest

from flows.tracking import tracking
from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import METRICS
from tests.tracking.rows import put

pytestmark = pytest.mark.servers

FIRST, SECOND = (Window.of_day(dt.date(2026, 11, day)) for day in (18, 19))


@pytest.fixture
def lake(nightjar_env, project):
    """Two days of spans and decisions: 4 and 8 spans, half of them failed, each call a tenth of a dollar."""
    lake = Lake.open(load_settings().lake)
    for window, spans in ((FIRST, 4), (SECOND, 8)):
        calls = ({"kind": "LLM", "model": "gpt-4o", "cost_usd": 0.1} for _ in range(spans))
        states = ({"trace_id": f"{i}", "status_code": "ERROR" if i % 2 else "OK"} for i in range(spans))
        rows = [call | state for call, state in zip(calls, states, strict=True)]
        put(lake, "spans", *rows, project=project, window=window)
        put(lake, "decisions", {"evaluator": "no_error", "score": 0.5}, project=project, window=window)
    lake.put_file(f"reports/date=2026-11-19/project={project}/report.html", b"<html>report</html>")
    return lake


@pytest.fixture
def client(servers):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=servers.mlflow_url)


def live(client, project):
    """Live runs of the project by name."""
    experiment = client.get_experiment_by_name(f"{project}_dev_llm_v1")
    runs = client.search_runs([experiment.experiment_id])
    assert len({run.info.run_name for run in runs}) == len(runs)
    return {run.info.run_name: run for run in runs}


async def test_every_day_of_the_window_gets_a_run_and_all_days_a_trend(lake, client, project):
    receipt = await tracking(Window(FIRST.start, SECOND.end), project)
    runs = live(client, project)
    assert set(runs) == {"2026-11-18", "2026-11-19", "trend"}
    day = runs["2026-11-19"]
    assert (day.data.metrics["spans"], day.data.metrics["error_rate/spans"]) == (8, 0.5)
    assert day.data.metrics["cost_usd/model/gpt-4o"] == 0.8
    assert day.data.metrics["score/no_error.coverage"] == 1
    assert day.data.params["evaluator/no_error"] == "1"
    assert day.data.tags["prefect.flow_run.url"].endswith(day.data.tags["prefect.flow_run.id"])
    assert {f.path for f in client.list_artifacts(day.info.run_id)} >= {"report.html", "metrics.csv", "plots"}
    trend = client.get_metric_history(runs["trend"].info.run_id, "spans")
    assert [(point.step, point.value) for point in trend] == [(20775, 4), (20776, 8)]
    assert receipt.rows == lake.read(METRICS, project).num_rows
    assert receipt.changed_days == (FIRST.start.date(), SECOND.start.date())
    assert [note.rpartition("/")[2] for note in receipt.notes] == [
        runs[name].info.run_id for name in ("2026-11-18", "2026-11-19", "trend")
    ]


async def test_running_again_changes_no_metric_and_leaves_one_run_per_day(lake, client, project):
    await tracking(SECOND, project)
    before, runs = lake.read(METRICS, project), live(client, project)
    receipt = await tracking(Window(SECOND.start, SECOND.start + dt.timedelta(hours=2)))
    after = live(client, project)
    assert receipt.window == SECOND
    assert receipt.changed_days == ()
    assert lake.read(METRICS, project) == before
    assert set(after) == set(runs) == {"2026-11-19", "trend"}
    assert after["2026-11-19"].data.metrics == runs["2026-11-19"].data.metrics
    assert Mlflow.open(load_settings(), project).live_run(project, SECOND.start.date()) == receipt.notes[0][-32:]


async def test_without_a_window_it_is_yesterday_even_when_nothing_happened(lake, project):
    before = dt.datetime.now(dt.UTC)
    receipt = await tracking()
    yesterdays = {(moment - dt.timedelta(days=1)).date() for moment in (before, dt.datetime.now(dt.UTC))}
    assert receipt.window in {Window.of_day(day) for day in yesterdays}
    assert receipt.project == project


async def test_an_absent_mlflow_fails_in_seconds_with_the_metrics_stored(lake, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_MLFLOW__TRACKING_URI", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1:9"):
        await tracking(SECOND, project)
    assert time.monotonic() - started < 30
    assert lake.read(METRICS, project).num_rows
