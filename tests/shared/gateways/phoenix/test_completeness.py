"""Every span whose start lies in the window, once, whatever else is going on."""

import asyncio
import datetime as dt
from collections import Counter

import pytest

from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.phoenix import Phoenix, projected
from tests.shared.gateways.phoenix.conftest import HOUR, WINDOW, fetched
from tests.traffic import TestSpan, ingest, new_trace_id


def spans_over_the_hour(count: int, per_trace: int = 3) -> list[TestSpan]:
    step = dt.timedelta(hours=1) / count
    traces = [new_trace_id() for _ in range(count // per_trace + 1)]
    return [TestSpan(start=HOUR + i * step, trace_id=traces[i // per_trace]) for i in range(count)]


@pytest.mark.parametrize("route", ["fast", "paged"])
async def test_spans_are_complete_and_single_while_others_are_taken_in(settings, project, route):
    sent, arriving = spans_over_the_hour(90), spans_over_the_hour(90)
    ingest(settings().url, project, sent)
    async with Phoenix(settings(route=route, traces_per_call=10, page_size=30, pause_seconds=0.1)) as phoenix:
        taking_in = asyncio.create_task(asyncio.to_thread(ingest, settings().url, project, arriving))
        counts: Counter[str] = Counter()
        passes = 0
        while not taking_in.done():
            seen = Counter(span["span_id"] for span in await fetched(phoenix, project, []))
            assert {span.span_id for span in sent} <= set(seen)
            assert set(seen.values()) == {1}
            counts, passes = seen, passes + 1
        await taking_in
        assert passes
        assert len(counts) >= len(sent)
        late = await phoenix.span_ids(project, WINDOW)
    assert set(late) == {span.span_id for span in sent + arriving}


@pytest.mark.parametrize("route", ["fast", "paged"])
async def test_spans_that_arrive_late_are_found_by_asking_again(settings, project, route):
    early = TestSpan(start=HOUR + dt.timedelta(minutes=20))
    late = [
        TestSpan(start=HOUR + dt.timedelta(minutes=5), trace_id=early.trace_id),
        TestSpan(start=HOUR + dt.timedelta(minutes=50)),
    ]
    ingest(settings().url, project, [early])
    async with Phoenix(settings(route=route)) as phoenix:
        known = await phoenix.span_ids(project, WINDOW)
        ingest(settings().url, project, late)
        now = await phoenix.span_ids(project, WINDOW)
    assert set(now) - set(known) == {span.span_id for span in late}


async def test_an_answer_that_fills_the_limit_is_asked_for_again_in_halves(settings, project, monkeypatch):
    monkeypatch.setattr(projected, "ROWS_PER_CALL", 4)
    moments = new_trace_id()
    one_moment = [TestSpan(start=HOUR, trace_id=moments) for _ in range(6)]
    sent = [*spans_over_the_hour(30, per_trace=10), *one_moment]
    ingest(settings().url, project, sent)
    async with Phoenix(settings(route="fast")) as phoenix:
        spans = await fetched(phoenix, project, ["llm"])
        assert await phoenix.span_ids(project, WINDOW) == {span.span_id: span.trace_id for span in sent}
    assert Counter(span["span_id"] for span in spans) == Counter(span.span_id for span in sent)


@pytest.mark.parametrize("route", ["fast", "paged"])
async def test_the_window_includes_its_start_and_excludes_its_end(settings, project, route):
    first, last = TestSpan(start=WINDOW.start), TestSpan(start=WINDOW.end - dt.timedelta(microseconds=1))
    outside = [TestSpan(start=WINDOW.end), TestSpan(start=WINDOW.start - dt.timedelta(microseconds=1))]
    ingest(settings().url, project, [first, last, *outside])
    async with Phoenix(settings(route=route)) as phoenix:
        assert [span["span_id"] for span in await fetched(phoenix, project, [])] == [first.span_id, last.span_id]
        assert set(await phoenix.span_ids(project, WINDOW)) == {first.span_id, last.span_id}


@pytest.mark.parametrize("route", ["fast", "paged"])
async def test_a_window_without_spans_is_empty(settings, project, route):
    ingest(settings().url, project, [TestSpan(start=HOUR - dt.timedelta(days=1))])
    async with Phoenix(settings(route=route)) as phoenix:
        assert await fetched(phoenix, project, ["llm"]) == []
        assert await phoenix.trace_ids(project, WINDOW) == []
        assert await phoenix.span_ids(project, WINDOW) == {}


@pytest.mark.parametrize("route", ["fast", "paged"])
async def test_an_unknown_project_is_an_error_that_names_the_ones_there_are(settings, project, route):
    ingest(settings().url, project, [TestSpan(start=HOUR)])
    async with Phoenix(settings(route=route)) as phoenix:
        for missing in (f"{project}-typo", f"{project}/typo"):
            with pytest.raises(ServiceRefused, match=f"no project '{missing}'. It has: .*NIGHTJAR_PROJECT"):
                await fetched(phoenix, missing, [])
            assert not await phoenix.project_exists(missing)
        assert await phoenix.project_exists(project)


async def test_a_project_with_a_slash_in_its_name_is_found(settings, project):
    name = f"{project}/a b?#"
    sent = TestSpan(start=HOUR)
    ingest(settings().url, name, [sent])
    for route in ("fast", "paged"):
        async with Phoenix(settings(route=route)) as phoenix:
            assert [span["span_id"] for span in await fetched(phoenix, name, [])] == [sent.span_id]
