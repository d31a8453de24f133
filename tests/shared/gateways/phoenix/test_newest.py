"""Spans newest first: listed without attributes, by servers that can list traces and by those that cannot."""

import datetime as dt

import pytest

from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.settings import PhoenixSettings
from tests.shared.gateways.phoenix.conftest import HOUR
from tests.shared.gateways.phoenix.faulty import Fault, FaultyPhoenix
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers


def spans() -> list[TestSpan]:
    """A long trace that begins first and ends last, and two short ones."""
    first = TestSpan(HOUR, "root", {"input.value": "hello"}, status="ERROR")
    late = TestSpan(HOUR + dt.timedelta(minutes=30), "late", trace_id=first.trace_id, parent_id=first.span_id)
    return [first, late, TestSpan(HOUR + dt.timedelta(minutes=10), "a"), TestSpan(HOUR + dt.timedelta(minutes=20), "b")]


async def names(phoenix: Phoenix, project: str, since: dt.datetime | None = None, limit: int = 100) -> list[str]:
    return [span.name async for page in phoenix.newest_spans(project, since, limit) for span in page]


async def test_spans_are_listed_newest_first_up_to_a_limit_and_since_a_time(servers, project):
    sent = spans()
    ingest(servers.phoenix_url, project, sent)
    async with Phoenix(PhoenixSettings(url=servers.phoenix_url)) as phoenix:
        assert await names(phoenix, project) == ["late", "b", "a", "root"]
        assert await names(phoenix, project, limit=2) == ["late", "b"]
        assert await names(phoenix, project, since=HOUR + dt.timedelta(minutes=15)) == ["late", "b"]
        listed = [span async for page in phoenix.newest_spans(project, None, 100) for span in page]
        assert (listed[-1].span_id, listed[-1].status_code) == (sent[0].span_id, "ERROR")
        whole = [s async for chunk in phoenix.whole_spans(project, [sent[0].span_id, "0" * 16]) for s in chunk]
    assert [(s["span_id"], s["attributes"]) for s in whole] == [(sent[0].span_id, {"input": {"value": "hello"}})]


async def test_a_server_that_cannot_list_traces_lists_spans(servers, project):
    ingest(servers.phoenix_url, project, spans())
    async with FaultyPhoenix(servers.phoenix_url) as proxy, Phoenix(PhoenixSettings(url=proxy.url)) as phoenix:
        proxy.plan = lambda _method, path, _n: Fault(status=404) if path.endswith("/traces") else None
        assert await names(phoenix, project) == ["late", "b", "a", "root"]
        assert await names(phoenix, project, limit=3) == ["late", "b", "a"]


async def test_a_server_that_refuses_is_not_asked_in_another_way(servers, project):
    ingest(servers.phoenix_url, project, spans())
    async with FaultyPhoenix(servers.phoenix_url) as proxy, Phoenix(PhoenixSettings(url=proxy.url)) as phoenix:
        proxy.plan = lambda _method, path, _n: Fault(status=403) if path.endswith("/traces") else None
        with pytest.raises(ServiceRefused, match="403"):
            await names(phoenix, project)
