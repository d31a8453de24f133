"""What is stored is the same by both routes of Phoenix: every dialect, cut and repeated spans, malformed ones."""

import datetime as dt

import pytest

from deployments.simulator.broken import BROKEN_PROJECT, broken
from deployments.simulator.delivery import send
from deployments.simulator.simulation import simulate
from deployments.simulator.traffic import Traffic
from tasks.fetch.intake import take_in
from tasks.shared.errors import CheckFailed
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings, PhoenixSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import QUARANTINE, SPANS
from tests.shared.gateways.phoenix.test_routes import traffic
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

DAY = dt.date(2026, 3, 1)
CALL = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "hi",
    "llm.token_count.prompt": 12,
    "llm.token_count.completion": 3,
}


async def stored(servers, project, route, root):
    """Rows of spans and of quarantine, each by its id, after one intake by *route*."""
    settings = Settings(
        phoenix=PhoenixSettings(url=servers.phoenix_url, route=route, traces_per_call=7, page_size=40),
        lake=LakeSettings(root=str(root)),
    )
    try:
        async with Phoenix(settings.phoenix) as phoenix:
            await take_in(phoenix, settings, project, Window.of_day(DAY))
    except CheckFailed:
        assert project == BROKEN_PROJECT
    lake = Lake.open(settings.lake)
    spans, kept_out = (lake.read(table, project, Window.of_day(DAY)).to_pylist() for table in (SPANS, QUARANTINE))
    return {row["span_id"]: row for row in spans}, {row["row_id"]: row for row in kept_out}


async def test_both_routes_store_the_same_rows_of_every_dialect(servers, project, tmp_path):
    await send(simulate(Traffic(project=project, seed=5, days=1, until=DAY, spans=300)), servers.phoenix_url)
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    parent = TestSpan(start=noon, attributes=CALL)
    child = TestSpan(start=noon, attributes=CALL, trace_id=parent.trace_id, parent_id=parent.span_id)
    ingest(servers.phoenix_url, project, [parent, child, *traffic()])
    (fast, kept_out), (paged, kept_out_too) = [
        await stored(servers, project, route, tmp_path / route) for route in ("fast", "paged")
    ]
    assert fast == paged
    assert kept_out == kept_out_too
    assert {row["dialect"] for row in fast.values()} >= {"openinference", "otel_genai", "traceloop"}
    assert (fast[parent.span_id]["prompt_tokens"], fast[child.span_id]["prompt_tokens"]) == (12, None)


async def test_both_routes_keep_the_same_rows_out(servers, tmp_path):
    await send(broken(day=DAY), servers.phoenix_url)
    fast, paged = [await stored(servers, BROKEN_PROJECT, route, tmp_path / route) for route in ("fast", "paged")]
    assert fast == paged
    assert not fast[0]
    assert len(fast[1]) > 20
