"""Nights in a row on real servers: what a day's spans do to the day before."""

import datetime as dt

import pytest

from flows.nightly import nightly
from tasks.shared.errors import DeliveryFailed
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

DAY = dt.date(2026, 11, 18)
NEXT_DAY = DAY + dt.timedelta(days=1)
MIDNIGHT = Window.of_day(DAY).end


async def test_a_night_sends_its_last_day_s_report_once_and_later_what_a_channel_did_not_take(
    nightjar_env, servers, project, monkeypatch, tmp_path
):
    monkeypatch.setenv("NIGHTJAR_EVALUATORS__ENABLED", '["no_error"]')
    monkeypatch.setenv("NIGHTJAR_CHANNELS__FOLDER__KIND", "file")
    monkeypatch.setenv("NIGHTJAR_CHANNELS__FOLDER__FOLDER", str(tmp_path / "told"))
    monkeypatch.setenv("NIGHTJAR_REPORTS__CHANNELS", '["folder"]')
    monkeypatch.setenv("NIGHTJAR_REPORTS__FORMATS", '["html"]')
    (tmp_path / "told").write_text("a file, so that the channel fails")
    ingest(servers.phoenix_url, project, [TestSpan(MIDNIGHT - dt.timedelta(hours=1)), TestSpan(MIDNIGHT)])

    def told() -> list[str]:
        return sorted(path.parent.parent.name for path in (tmp_path / "told").rglob("message.json"))

    with pytest.raises(DeliveryFailed, match=f"The report of {project}, {DAY} was not sent through folder"):
        await nightly(date=DAY)
    (tmp_path / "told").unlink()
    await nightly(date=NEXT_DAY)
    assert told() == [str(DAY), str(NEXT_DAY)]


async def test_a_trace_that_runs_past_midnight_is_decided_again_when_its_next_day_is_in(
    nightjar_env, servers, project, monkeypatch
):
    monkeypatch.setenv("NIGHTJAR_EVALUATORS__ENABLED", '["no_error"]')
    monkeypatch.setenv("NIGHTJAR_LATE_LOOKBACK_HOURS", "0")
    root = TestSpan(MIDNIGHT - dt.timedelta(seconds=10))
    after = MIDNIGHT + dt.timedelta(seconds=5)
    ingest(
        servers.phoenix_url,
        project,
        [root, TestSpan(after, trace_id=root.trace_id, parent_id=root.span_id, status="ERROR"), TestSpan(after)],
    )

    def no_error() -> float:
        rows = Lake.open(load_settings().lake).read(DECISIONS, project).to_pylist()
        return next(row["score"] for row in rows if row["unit_id"] == root.trace_id)

    async def evaluated(**days: dt.date) -> list[dt.date]:
        receipts = await nightly(**days)
        return [receipt.window.start.date() for receipt in receipts if receipt.table == DECISIONS.name]

    assert await evaluated(date=DAY) == [DAY]
    assert no_error() == 1.0
    assert await evaluated(date=NEXT_DAY) == [DAY, NEXT_DAY]
    assert no_error() == 0.0
