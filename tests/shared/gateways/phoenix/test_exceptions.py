"""Exceptions of spans that did not fail, which only GraphQL tells."""

import pytest

from tasks.shared.gateways.phoenix import Phoenix, Thrown, exceptions
from tasks.shared.settings import PhoenixSettings
from tests.shared.gateways.phoenix.conftest import HOUR
from tests.traffic import TestEvent, TestSpan, ingest

pytestmark = pytest.mark.servers


def threw(message: str, status: str, trace_id: str | None = None, **more) -> TestSpan:
    """A span that recorded an exception, after an event of another name."""
    said = {"exception.type": "TimeoutError", "exception.message": message, **more}
    events = (TestEvent("retry", HOUR, {"exception.message": "no"}), TestEvent("exception", HOUR, said))
    return TestSpan(HOUR, status=status, events=events, **({"trace_id": trace_id} if trace_id else {}))


async def test_spans_that_recorded_an_exception_and_did_not_fail_are_told_whatever_the_page(
    servers, project, monkeypatch
):
    monkeypatch.setattr(exceptions, "SPANS_A_PAGE", 2)
    monkeypatch.setattr(exceptions, "TRACES_A_CALL", 2)
    okay, unset, failed = threw("a", "OK"), threw("b", "UNSET"), threw("c", "ERROR")
    within = [threw(f"{n}", "OK", okay.trace_id) for n in range(4)]
    quiet, other = TestSpan(HOUR), threw("z", "OK")
    sent = [okay, unset, failed, *within, quiet, other]
    ingest(servers.phoenix_url, project, sent)
    async with Phoenix(PhoenixSettings(url=servers.phoenix_url)) as phoenix:
        asked = [each.trace_id for each in (okay, unset, failed, quiet)]
        found = await phoenix.quiet_exceptions(project, asked)
        assert await phoenix.quiet_exceptions("no such project", []) == {}
    expected = {each.span_id: str(n) for n, each in enumerate(within)} | {okay.span_id: "a", unset.span_id: "b"}
    assert found == {span_id: Thrown("TimeoutError", message) for span_id, message in expected.items()}
