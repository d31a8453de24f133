"""Phoenix refusing, overloaded, hanging, cut off or away."""

import asyncio
import datetime as dt
import itertools
import logging
import time

import pytest

from deployments.local.processes import free_port
from tasks.shared.errors import ConfigurationError, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.phoenix import Annotation, Phoenix
from tests.shared.gateways.phoenix.conftest import HOUR, WINDOW, fetched
from tests.shared.gateways.phoenix.faulty import Fault
from tests.traffic import TestSpan, ingest

FIRST_OF_EACH = {
    "429": Fault(429, {"retry-after": "0"}),
    "503": Fault(503),
    "500": Fault(500),
    "cut": Fault(cut=True),
    "not JSON": Fault(200, body=b"<html>please log in</html>"),
}


@pytest.fixture
def sent(settings, project):
    spans = [TestSpan(start=HOUR + dt.timedelta(minutes=i), attributes={"llm.model_name": "m"}) for i in range(6)]
    ingest(settings().url, project, spans)
    return spans


@pytest.mark.parametrize("route", ["fast", "paged"])
@pytest.mark.parametrize("fault", FIRST_OF_EACH.values(), ids=FIRST_OF_EACH)
async def test_a_passing_failure_is_survived(settings, project, sent, faulty, route, fault):
    faulty.plan = lambda _method, _path, n: fault if n == 1 else None
    async with Phoenix(settings(url=faulty.url, route=route, page_size=2)) as phoenix:
        spans = await fetched(phoenix, project, ["llm"])
    assert [span["span_id"] for span in spans] == [span.span_id for span in sent]


async def test_a_hanging_request_is_given_up_and_sent_again(settings, project, sent, faulty):
    faulty.plan = lambda method, _path, n: Fault(hang_seconds=5) if (method, n) == ("POST", 1) else None
    began = time.monotonic()
    async with Phoenix(settings(url=faulty.url, route="fast", timeout_seconds=1.5)) as phoenix:
        assert len(await fetched(phoenix, project, [])) == len(sent)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("fault", [Fault(503), Fault(429), Fault(cut=True), Fault(500)])
async def test_a_lasting_failure_ends_in_one_clear_error(settings, project, sent, faulty, fault):
    faulty.plan = lambda _method, path, _n: fault if path.endswith("/v1/spans") else None
    async with Phoenix(settings(url=faulty.url, route="fast")) as phoenix:
        with pytest.raises(ServiceUnavailable, match=rf"{faulty.url} failed POST /v1/spans .*NIGHTJAR_PHOENIX__URL"):
            await fetched(phoenix, project, ["llm"])


async def test_retry_after_is_waited_for(settings, faulty):
    faulty.plan = lambda _method, _path, n: Fault(429, {"retry-after": "1"}) if n == 1 else None
    began = time.monotonic()
    async with Phoenix(settings(url=faulty.url)) as phoenix:
        await phoenix.ping()
    assert time.monotonic() - began >= 1


async def test_a_server_that_is_away_is_named_within_seconds(settings):
    url = f"http://127.0.0.1:{free_port()}"
    began = time.monotonic()
    async with Phoenix(settings(url=url, attempts=4, backoff_seconds=0.5)) as phoenix:
        with pytest.raises(
            ServiceUnavailable, match=f"Phoenix at {url} failed GET /v1/projects 2 times.*Check that it runs"
        ):
            await phoenix.ping()
    assert time.monotonic() - began < 5


async def test_an_url_without_a_scheme_is_a_configuration_error(settings):
    async with Phoenix(settings(url="localhost:6006")) as phoenix:
        with pytest.raises(ConfigurationError, match="Write http://host:port"):
            await phoenix.ping()


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "PHOENIX_API_KEY"), (403, "system or member key"), (302, "redirects")]
)
async def test_a_refusal_says_what_to_do_and_is_not_repeated(settings, faulty, status, hint):
    faulty.plan = lambda _method, _path, _n: Fault(status)
    async with Phoenix(settings(url=faulty.url)) as phoenix:
        with pytest.raises(ServiceRefused, match=hint):
            await phoenix.ping()
    assert len(faulty.asked) == 1


async def test_secrets_are_never_in_a_message(settings, faulty):
    faulty.plan = lambda _method, _path, _n: Fault(401)
    address = faulty.url.replace("http://", "http://ada:hunter2@")
    headers = {"x-tenant": "sesame"}
    async with Phoenix(settings(url=address, api_key="k-123456", headers=headers)) as phoenix:
        with pytest.raises(ServiceRefused) as refused:
            await phoenix.ping()
        assert "hunter2" not in phoenix.trace_url("t")
    assert not any(secret in str(refused.value) for secret in ("hunter2", "k-123456", "sesame"))


async def test_a_viewer_key_takes_the_paged_route_and_says_so_once(settings, project, sent, faulty, caplog):
    faulty.plan = lambda method, path, _n: Fault(403) if (method, path) == ("POST", "/v1/spans") else None
    async with Phoenix(settings(url=faulty.url, route="auto")) as phoenix:
        with caplog.at_level(logging.INFO, "tasks.shared.gateways.phoenix"):
            first = await fetched(phoenix, project, ["llm"])
            assert first == await fetched(phoenix, project, ["llm"])
            assert set(await phoenix.span_ids(project, WINDOW)) == {span.span_id for span in sent}
    assert [span["span_id"] for span in first] == [span.span_id for span in sent]
    assert faulty.count("/v1/spans") == 1
    assert caplog.text.count("paged route") == 1


async def test_a_server_too_old_to_list_traces_is_paged_by_time(settings, project, sent, faulty):
    old = {("POST", "/v1/spans"): Fault(404), ("GET", f"/v1/projects/{project}/traces"): Fault(404)}
    faulty.plan = lambda method, path, _n: old.get((method, path))
    async with Phoenix(settings(url=faulty.url, route="auto")) as phoenix:
        found = await fetched(phoenix, project, ["llm"])
    assert {span["span_id"] for span in found} == {span.span_id for span in sent}
    assert len(found) == len(sent)


async def test_the_fast_route_is_not_replaced_when_it_is_demanded(settings, project, sent, faulty):
    faulty.plan = lambda method, path, _n: Fault(403) if (method, path) == ("POST", "/v1/spans") else None
    async with Phoenix(settings(url=faulty.url, route="fast")) as phoenix:
        with pytest.raises(ServiceRefused, match="system or member key"):
            await fetched(phoenix, project, [])


@pytest.mark.parametrize(("in_flight", "seen"), [(1, 1), (3, 3)])
async def test_no_more_requests_are_in_flight_than_set(settings, project, sent, faulty, in_flight, seen):
    faulty.plan = lambda method, _path, _n: Fault(hang_seconds=0.1) if method == "POST" else None
    async with Phoenix(settings(url=faulty.url, route="fast", in_flight=in_flight, traces_per_call=1)) as phoenix:
        await asyncio.gather(fetched(phoenix, project, []), phoenix.span_ids(project, WINDOW))
    assert faulty.most_at_once == seen


async def test_there_is_a_pause_between_requests(settings, project, sent, faulty):
    async with Phoenix(settings(url=faulty.url, route="fast", pause_seconds=0.2, traces_per_call=2)) as phoenix:
        await fetched(phoenix, project, [])
    gaps = [later.began - earlier.ended for earlier, later in itertools.pairwise(faulty.asked)]
    assert len(gaps) >= 4
    assert min(gaps) >= 0.19


async def test_stopping_early_leaves_nothing_under_way(settings, project, sent, faulty):
    async with Phoenix(settings(url=faulty.url, route="fast", traces_per_call=1)) as phoenix:
        chunks = phoenix.spans(project, WINDOW, [])
        await anext(chunks)
        await chunks.aclose()
        before = len(faulty.asked)
        await asyncio.sleep(0.2)
    assert len(faulty.asked) == before


async def test_annotating_fails_with_a_clear_error_when_the_key_may_not_write(settings, project, sent, faulty):
    faulty.plan = lambda method, _path, _n: Fault(403) if method == "POST" else None
    async with Phoenix(settings(url=faulty.url)) as phoenix:
        annotation = Annotation(sent[0].span_id, "has_output", "nightjar:has_output@1", "CODE", score=1.0)
        with pytest.raises(ServiceRefused, match="viewer key can only read"):
            await phoenix.annotate(project, "span", [annotation])
