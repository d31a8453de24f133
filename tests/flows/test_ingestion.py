"""Ingestion on a real Phoenix: late spans, annotations, days that were kept out, days that are outdated."""

import datetime as dt
from pathlib import Path

import httpx
import pytest

from flows.ingestion import ingestion
from tasks.fetch.steps import mark_done, outdated_days
from tasks.shared.errors import CheckFailed
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS, QUARANTINE, SPANS
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

DAY = dt.date(2026, 11, 19)
WINDOW = Window.of_day(DAY)
NOON = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
THE_DAY_BEFORE = Window.of_day(DAY - dt.timedelta(days=1))


def stored(project: str, window: Window, table=SPANS) -> list[dict]:
    """Rows of the lake."""
    return Lake.open(load_settings().lake).read(table, project, window).to_pylist()


def leave(phoenix_url: str, annotations: list[dict], note: dict) -> None:
    """Write annotations and a note as people and tools do."""
    with httpx.Client(base_url=phoenix_url) as client:
        client.post("/v1/span_annotations", params={"sync": True}, json={"data": annotations}).raise_for_status()
        client.post("/v1/span_notes", json={"data": note}).raise_for_status()


async def test_a_span_that_arrives_late_is_stored_with_the_next_window(nightjar_env: Path, servers, project):
    early = NOON - dt.timedelta(days=1)
    ingest(servers.phoenix_url, project, [TestSpan(early, name="in time")])
    await ingestion(THE_DAY_BEFORE)
    ingest(servers.phoenix_url, project, [TestSpan(early, name="late"), TestSpan(NOON, name="today")])
    _, late, _ = await ingestion(WINDOW)
    assert late.rows == 1
    assert {row["name"] for row in stored(project, THE_DAY_BEFORE)} == {"in time", "late"}
    assert {row["name"] for row in stored(project, WINDOW)} == {"today"}
    _, again, _ = await ingestion(WINDOW)
    assert again.rows == 0


async def test_a_late_span_that_fails_a_check_is_told_of_once_and_stops_nothing_else(
    nightjar_env: Path, servers, project
):
    early = NOON - dt.timedelta(days=1)
    ingest(servers.phoenix_url, project, [TestSpan(early, name="in time")])
    await ingestion(THE_DAY_BEFORE)
    negative = {"openinference.span.kind": "LLM", "llm.token_count.prompt": -5}
    bad = TestSpan(early, name="bad", attributes=negative)
    backwards = TestSpan(early, name="backwards", trace_id=bad.trace_id, end=early - dt.timedelta(seconds=1))
    good = TestSpan(early, name="good", trace_id=bad.trace_id)
    ingest(servers.phoenix_url, project, [bad, backwards, good, TestSpan(early, name="other"), TestSpan(NOON)])

    spans, late, _ = await ingestion(WINDOW)
    assert (spans.rows, late.rows, late.counts["read"], late.counts["quarantined"]) == (1, 2, 4, 2)
    assert len(late.notes) == 1
    assert "prompt_tokens" in late.notes[0]
    assert {row["name"] for row in stored(project, THE_DAY_BEFORE)} == {"in time", "good", "other"}
    kept_out = {row["row_id"] for row in stored(project, THE_DAY_BEFORE, QUARANTINE)}
    assert kept_out == {bad.span_id, backwards.span_id}

    _, again, _ = await ingestion(WINDOW)
    assert (again.rows, again.notes) == (0, ())


async def test_days_before_the_first_that_was_ingested_are_no_late_data(nightjar_env: Path, servers, project):
    ingest(servers.phoenix_url, project, [TestSpan(NOON - dt.timedelta(days=1)), TestSpan(NOON)])
    _, late, _ = await ingestion(WINDOW)
    assert late.rows == 0
    assert stored(project, THE_DAY_BEFORE) == []


async def test_a_day_that_an_outage_left_out_is_made_up_for_once(nightjar_env: Path, servers, project):
    times = [NOON - dt.timedelta(days=days) for days in (2, 1, 0)]
    ingest(servers.phoenix_url, project, [TestSpan(at) for at in times])
    await ingestion(Window.of_day(times[0].date()))
    _, late, _ = await ingestion(WINDOW)
    assert (late.rows, late.counts["missed_days"]) == (1, 1)
    assert f"{THE_DAY_BEFORE} was missed by earlier runs: 1 spans are in now." in late.notes
    assert len(stored(project, THE_DAY_BEFORE)) == 1
    assert [outdated.day for outdated in outdated_days.fn(project, DAY, 48)][-2:] == [THE_DAY_BEFORE.start.date(), DAY]
    _, again, _ = await ingestion(WINDOW)
    assert (again.rows, again.notes) == (0, ())


async def test_a_missed_day_that_fails_a_critical_check_is_told_of_once_and_stops_nothing_else(
    nightjar_env: Path, servers, project
):
    negative = {"openinference.span.kind": "LLM", "llm.token_count.prompt": -5}
    missed_one = TestSpan(NOON - dt.timedelta(days=1), attributes=negative)
    ingest(servers.phoenix_url, project, [TestSpan(NOON - dt.timedelta(days=2)), missed_one, TestSpan(NOON)])
    await ingestion(Window.of_day(DAY - dt.timedelta(days=2)))
    spans, late, _ = await ingestion(WINDOW)
    assert (spans.rows, late.rows, late.counts) == (1, 0, {"missed_days_kept_out": 1})
    assert len(late.notes) == 1
    assert "was missed by earlier runs, and is kept out: " in late.notes[0]
    assert [row["row_id"] for row in stored(project, THE_DAY_BEFORE, QUARANTINE)] == [missed_one.span_id]
    _, again, _ = await ingestion(WINDOW)
    assert (again.rows, again.notes) == (0, ())


async def test_what_people_left_in_phoenix_is_stored_and_nightjars_own_is_not(nightjar_env: Path, servers, project):
    span = TestSpan(NOON)
    ingest(servers.phoenix_url, project, [span])
    written = [
        {
            "span_id": span.span_id,
            "name": "quality",
            "annotator_kind": "HUMAN",
            "result": {"label": "good", "score": 1},
        },
        {
            "span_id": span.span_id,
            "name": "has_output",
            "annotator_kind": "CODE",
            "result": {"score": 1},
            "identifier": "nightjar:has_output@1",
        },
    ]
    leave(servers.phoenix_url, written, {"span_id": span.span_id, "note": "looks odd"})
    *_, annotations = await ingestion(WINDOW)
    assert annotations.rows == 2
    rows = {row["name"]: row for row in stored(project, WINDOW, ANNOTATIONS)}
    assert (rows["quality"]["unit_id"], rows["quality"]["label"], rows["quality"]["score"]) == (span.span_id, "good", 1)
    assert rows["note"]["explanation"] == "looks odd"


async def test_a_day_that_fails_a_critical_check_stays_out_with_its_malformed_spans_on_record(
    nightjar_env: Path, servers, project
):
    negative = {"openinference.span.kind": "LLM", "llm.token_count.prompt": -5}
    ends_first = TestSpan(NOON, name="backwards", end=NOON - dt.timedelta(seconds=1))
    ingest(servers.phoenix_url, project, [TestSpan(NOON, attributes=negative), TestSpan(NOON), ends_first])
    with pytest.raises(CheckFailed, match=r"broken.*1 of 2 rows.*broken=prompt_tokens -5"):
        await ingestion(WINDOW)
    assert stored(project, WINDOW) == []
    assert {row["stage"] for row in stored(project, WINDOW, QUARANTINE)} >= {"normalise"}
    assert len(stored(project, WINDOW, QUARANTINE)) == 2
    # The next night does not let the rest of that day in by the back door, nor fails because of it.
    _, late, _ = await ingestion(Window.of_day(DAY + dt.timedelta(days=1)))
    assert late.rows == 0


async def test_a_day_is_outdated_until_every_stage_saw_what_it_holds(nightjar_env: Path, servers, project):
    early = NOON - dt.timedelta(days=1)
    ingest(servers.phoenix_url, project, [TestSpan(early), TestSpan(NOON)])
    await ingestion(THE_DAY_BEFORE)
    await ingestion(WINDOW)

    def outdated() -> list[dt.date]:
        return [found.day for found in outdated_days.fn(project, DAY, 48)]

    assert outdated() == [DAY - dt.timedelta(days=1), DAY]
    for found in outdated_days.fn(project, DAY, 48):
        mark_done.fn(project, found)
    assert outdated() == [DAY], "a day that is asked for is done again"
    ingest(servers.phoenix_url, project, [TestSpan(early, name="late")])
    await ingestion(WINDOW)
    assert outdated() == [DAY - dt.timedelta(days=1), DAY]
