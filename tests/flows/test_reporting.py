"""The reporting flow on the real MLflow and Prefect."""

import datetime as dt
import uuid
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.reporting import reporting
from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.mlflow import Mlflow, Run
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import TABLES
from tests.reports.days import DAY, normal_day

pytestmark = pytest.mark.servers
FILES = ["report.html", "report.json", "report.md", "report.pdf", "report.zip"]
PAGE = "reports/date=2026-11-19/project={}/report.html"


@pytest.fixture
def lake(nightjar_env: Path, servers, monkeypatch, project):
    """A lake with a normal day, and Prefect's client pointed at the test server."""
    monkeypatch.setenv("NIGHTJAR_MLFLOW__EXPERIMENT", f"reporting-{uuid.uuid4().hex[:8]}")
    lake = Lake.open(load_settings().lake)
    for name, rows in normal_day().items():
        lake.write(TABLES[name], project, DAY, pa.Table.from_pylist(rows, schema=TABLES[name].schema))
    with temporary_settings({PREFECT_API_URL: servers.prefect_api_url}):
        yield lake


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


def names_below(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).rglob("*.*"))


def artifact(key: str) -> dict:
    """The one artifact of Prefect's server with this key."""
    asked = {"artifacts": {"key": {"any_": [key]}}}
    (found,) = httpx.post(f"{PREFECT_API_URL.value()}/artifacts/filter", json=asked).raise_for_status().json()
    return found


async def test_a_day_s_report_is_saved_shown_in_prefect_and_attached_to_the_live_mlflow_run(lake, project, tmp_path):
    mlflow = Mlflow.open(load_settings(), project)
    run_id = mlflow.log(Run(project=project, kind="day", name="day", note="", points=(), date="2026-11-19"))

    receipt = await reporting(DAY)

    page = lake.get_file(PAGE.format(project))
    assert receipt.rows == 1
    assert receipt.counts["attached"] == 1
    assert receipt.notes == (f"report: {lake.location(PAGE.format(project))}",)
    assert mlflow.run_url(run_id).encode() in page
    assert b">Prefect flow run</a>" in page
    assert lake.get_file(PAGE.format(project).replace(".html", ".md")).startswith(f"# {project}".encode())

    shown = artifact(f"report-{project}")
    scores = artifact(f"report-{project}-scores")
    link = artifact(f"report-{project}-page")
    assert shown["type"] == "markdown"
    assert "Spans with an error" in shown["data"]
    assert '"no_error"' in scores["data"]
    assert f"{project}, 2026-11-19](file:///" in link["data"]
    assert shown["flow_run_id"] == scores["flow_run_id"] == link["flow_run_id"]

    from mlflow import MlflowClient

    client = MlflowClient(load_settings().mlflow.tracking_uri)
    attached = client.download_artifacts(run_id, "report.html", str(tmp_path))
    assert content_of(attached) == page


async def test_several_days_have_a_report_each_and_one_without_a_run_says_so(lake, project):
    window = Window(DAY.start - dt.timedelta(hours=1), DAY.end)
    receipt = await reporting(window)
    assert receipt.rows == 2
    assert receipt.counts["attached"] == 0
    assert b"no MLflow run for this day yet" in lake.get_file(PAGE.format(project))
    assert lake.get_file(PAGE.format(project).replace("-19", "-18")) is not None


async def test_a_second_report_replaces_the_first(lake, project):
    await reporting(DAY)
    await reporting(DAY)
    assert names_below(lake.location("reports/date=2026-11-19")) == FILES


async def test_a_week_is_reported_from_metrics_of_its_own_and_the_index_leads_to_it(lake, project):
    receipt = await reporting(DAY, edition="week")
    folder = f"reports/week=2026-W47/project={project}"
    assert receipt.notes == (f"report: {lake.location(f'{folder}/report.html')}",)
    assert names_below(lake.location("reports/week=2026-W47")) == FILES
    (spans,) = lake.sql("SELECT * FROM period_metrics WHERE name = 'spans' AND dimension = ''", project).to_pylist()
    assert (spans["edition"], spans["value"]) == ("week", 20.0)
    assert spans["end_time"] - spans["start_time"] == dt.timedelta(days=7)
    assert f'href="week=2026-W47/project={project}/report.html"'.encode() in lake.get_file("reports/index.html")
    assert "Spans with an error" in artifact(f"report-{project}-week")["data"]


async def test_a_dead_mlflow_fails_the_run_clearly_and_the_report_is_there_all_the_same(lake, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_MLFLOW__TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailable, match=r"MLflow at http://127\.0\.0\.1:9 does not answer"):
        await reporting(DAY)
    assert b"MLflow did not answer when this was made" in lake.get_file(PAGE.format(project))
