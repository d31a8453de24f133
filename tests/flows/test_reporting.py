"""The reporting flow on the real MLflow and Prefect."""

import datetime as dt
import uuid
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.reporting import reporting
from tasks.reports.steps import reports_to_deliver
from tasks.shared.errors import DeliveryFailed, ServiceUnavailable
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


@pytest.fixture
def channels(monkeypatch, tmp_path):
    """Two channels of reports: one is a folder, the other one no folder at all until its file is gone."""
    (tmp_path / "blocked").write_text("a file")
    for name, folder in {"folder": "told", "blocked": "blocked"}.items():
        monkeypatch.setenv(f"NIGHTJAR_CHANNELS__{name.upper()}__KIND", "file")
        monkeypatch.setenv(f"NIGHTJAR_CHANNELS__{name.upper()}__FOLDER", str(tmp_path / folder))
    monkeypatch.setenv("NIGHTJAR_REPORTS__CHANNELS", '["folder", "blocked"]')
    monkeypatch.setenv("NIGHTJAR_REPORTS__FORMATS", '["html"]')
    return tmp_path


async def test_a_report_goes_once_through_its_channels_and_one_that_fails_ends_the_run_last(lake, project, channels):
    with pytest.raises(DeliveryFailed, match=r"was not sent through blocked: .*--deliver` does"):
        await reporting(DAY, deliver=True)
    (told,) = (channels / "told").rglob("message.json")
    first = told.read_bytes()
    assert {path.name for path in told.parent.iterdir()} >= {"report.html", "message.html", "latency.png"}
    assert lake.get_file("reports/index.html") is not None

    (channels / "blocked").unlink()
    receipt = await reporting(DAY, deliver=True)
    assert (receipt.counts["sent"], receipt.counts["already sent"]) == (1, 1)
    assert told.read_bytes() == first


async def test_a_week_whose_run_was_killed_before_it_sent_anything_is_for_the_next_night(
    lake, project, channels, monkeypatch
):
    async def killed(*_args, **_options):
        raise MemoryError("killed")

    monkeypatch.setattr("flows.reporting.deliver_report", killed)
    with pytest.raises(MemoryError):
        await reporting(DAY, edition="week", deliver=True)
    week, day = reports_to_deliver.fn(project, dt.date(2026, 11, 24), 24)
    assert (week.edition, f"{week.window.start:%Y-%m-%d}", week.channels) == (
        "week",
        "2026-11-16",
        ("folder", "blocked"),
    )
    assert (day.edition, f"{day.window.start:%Y-%m-%d}") == ("day", "2026-11-24")


async def test_a_dry_run_says_what_would_go_where_and_a_day_by_hand_is_not_sent(lake, project, channels):
    receipt = await reporting(DAY, dry_run=True)
    assert receipt.counts["would be sent"] == 2
    assert receipt.notes[1].startswith("would be sent through folder: ")
    assert "sent" not in (await reporting(DAY)).counts
    assert not (channels / "told").exists()


async def test_a_secret_in_a_block_that_is_not_there_fails_that_channel_alone(lake, project, channels, monkeypatch):
    (channels / "blocked").unlink()
    monkeypatch.delenv("NIGHTJAR_CHANNELS__BLOCKED__FOLDER")
    monkeypatch.setenv("NIGHTJAR_CHANNELS__BLOCKED__SECRET_BLOCKS", f'{{"folder": "block-{project}"}}')
    with pytest.raises(DeliveryFailed, match=rf"lies in the Prefect block 'block-{project}', which was not opened"):
        await reporting(DAY, deliver=True)
    assert list((channels / "told").rglob("message.json"))
    await Secret(value=str(channels / "vault")).save(f"block-{project}")
    assert (await reporting(DAY, deliver=True)).counts["sent"] == 1
    assert list((channels / "vault").rglob("message.json"))


async def test_a_dead_mlflow_fails_the_run_clearly_and_the_report_is_there_all_the_same(lake, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_MLFLOW__TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailable, match=r"MLflow at http://127\.0\.0\.1:9 does not answer"):
        await reporting(DAY)
    assert b"MLflow did not answer when this was made" in lake.get_file(PAGE.format(project))
