"""The alerting flow on the real Prefect: the simulated incident raised within one window, told once, resolved after it.

The simulator writes the lake itself, as ingestion would have.
"""

import asyncio
import datetime as dt

import pyarrow as pa
import pytest
from prefect.blocks.system import Secret

from deployments.simulator.moulds import row_of
from deployments.simulator.simulation import simulate
from deployments.simulator.traffic import Incident, Traffic
from flows.__main__ import main
from flows.alerting import alerting
from tasks.shared.errors import Inconclusive
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ALERT_EVENTS, CHECKS, DELIVERIES, SPANS
from tests.alerts.running import told
from tests.reports.days import check

pytestmark = pytest.mark.servers

DAY = dt.date(2026, 11, 18)
INCIDENT = Incident(day=DAY)
BEGAN = Window.of_day(DAY).start + INCIDENT.start_hour * HOUR
TOML = """
[channels.first]
kind = "file"
folder = "{folder}/first"
[channels.second]
kind = "file"
folder = "{folder}/second"
[alerts]
channels = ["first", "second"]
"""


@pytest.fixture
def lake(nightjar_env, project, tmp_path, monkeypatch) -> Lake:
    """One simulated day with an incident, in the lake and ingested; it is the morning after."""
    monkeypatch.setattr("tasks.alerts.steps._now", lambda: Window.of_day(DAY).end + 8 * HOUR)
    (tmp_path / "nightjar.toml").write_text(TOML.format(folder=tmp_path))
    lake, day = Lake.open(load_settings().lake), Window.of_day(DAY)
    # The project is part of the seed: each test's traffic would be another one.
    simulation = simulate(Traffic(project="incident", days=1, until=DAY, spans=4000, incident=INCIDENT))
    rows = pa.Table.from_pylist([row_of(span) for span in simulation.spans], schema=SPANS.schema)
    lake.write(SPANS, project, day, rows)
    seen = [check("ExpectSpans", start_time=day.start, end_time=day.end)]
    lake.write(CHECKS, project, day, pa.Table.from_pylist(seen, schema=CHECKS.schema))
    return lake


async def test_the_incident_is_raised_within_one_window_told_once_and_resolved_after_it(lake, project, tmp_path):
    hours = [Window(BEGAN + n * HOUR, BEGAN + (n + 1) * HOUR) for n in range(-1, INCIDENT.hours + 2)]
    for hour in hours:
        await alerting(hour)
    events = [e for e in lake.read(ALERT_EVENTS, project).to_pylist() if e["rule"] == "error_rate"]
    assert [(event["event"], event["start_time"]) for event in events] == [
        ("raised", BEGAN + HOUR),
        ("resolved", BEGAN + (INCIDENT.hours + 2) * HOUR),
    ]
    for channel in ("first", "second"):
        about_errors = [title for title in told(tmp_path / channel) if "error_rate" in title]
        assert about_errors == [f"{project}: error_rate", f"{project}: resolved: error_rate"]
    before = lake.read(ALERT_EVENTS, project), lake.read(DELIVERIES, project)
    measured, evaluated, sent = await alerting(hours[2])
    assert (measured.counts["hours"], evaluated.rows, sent.rows) == (0, 0, 0)
    assert (lake.read(ALERT_EVENTS, project), lake.read(DELIVERIES, project)) == before


async def test_a_dry_run_says_what_would_go_where_and_sends_and_writes_nothing(lake, project, tmp_path):
    _, evaluated, sent = await alerting(Window(BEGAN, BEGAN + HOUR), dry_run=True)
    assert evaluated.counts["raised"]
    assert any(note.startswith("raised: Error rate: ") for note in evaluated.notes)
    assert any(note.startswith("first: ") and str(tmp_path / "first") in note for note in evaluated.notes)
    assert sent.rows == 0
    assert lake.read(ALERT_EVENTS, project).num_rows == 0
    assert not (tmp_path / "first").exists()


async def test_a_failed_run_of_ours_is_an_alert_and_a_completed_one_ends_it(lake, project, tmp_path):
    await alerting(happened="prefect.flow-run.Failed nightly 1-2 * no Phoenix")
    await alerting(happened="prefect.flow-run.Completed nightly 1-3 * ")
    assert told(tmp_path / "first") == [
        f"{project}: pipeline_failed (deployment=nightly)",
        f"{project}: resolved: pipeline_failed (deployment=nightly)",
    ]


async def test_a_channel_whose_secret_is_missing_keeps_no_other_from_being_told(lake, project, tmp_path):
    with (tmp_path / "nightjar.toml").open("a") as settings:
        settings.write('[alerts.rules.pipeline_failed]\nchannels = ["first", "lost"]\n')
        settings.write('[channels.lost]\nkind = "webhook"\nsecret_blocks = {url = "there-is-no-such-block"}\n')
    _, sent = await alerting(happened="prefect.flow-run.Failed nightly 1-2 * no Phoenix")
    assert told(tmp_path / "first") == [f"{project}: pipeline_failed (deployment=nightly)"]
    assert (sent.counts["sent"], sent.counts["failed"]) == (1, 1)
    assert any(note.startswith("lost: failed: ") and "url" in note for note in sent.notes)


async def test_a_wrong_rule_is_told_of_after_everything_else_was_evaluated_and_told(lake, project, tmp_path):
    with (tmp_path / "nightjar.toml").open("a") as settings:
        settings.write('[alerts.rules.mine]\nmetric = "spans"\ncondition = "often"\n')
    with pytest.raises(Inconclusive, match=r"alerts\.rules\.mine\.condition: 'often' is not understood"):
        await alerting(Window(BEGAN, BEGAN + HOUR))
    assert f"{project}: error_rate" in told(tmp_path / "first")


async def test_by_hand_a_channel_gets_its_secret_from_prefect_as_in_the_flow(lake, project, tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.alerts.by_hand._now", lambda: Window.of_day(DAY).end + 9 * HOUR)
    with (tmp_path / "nightjar.toml").open("a") as settings:
        settings.write('[alerts.rules.pipeline_failed]\nchannels = ["vault"]\n')
        settings.write(f'[channels.vault]\nkind = "file"\nsecret_blocks = {{folder = "folder-{project}"}}\n')
    await Secret(value=str(tmp_path / "vault")).save(f"folder-{project}")
    await alerting(happened="prefect.flow-run.Failed nightly 1-2 * no Phoenix")
    (event,) = lake.read(ALERT_EVENTS, project).to_pylist()
    assert await asyncio.to_thread(main, ["alerts", "ack", event["alert_id"], "--project", project]) == 0
    assert told(tmp_path / "vault") == [
        f"{project}: acknowledged: pipeline_failed (deployment=nightly)",
        f"{project}: pipeline_failed (deployment=nightly)",
    ]
