"""Simulated spans in a real Phoenix: all of them, once."""

import asyncio
import datetime as dt

import httpx
import pytest

from deployments.simulator import delivery
from deployments.simulator.broken import broken
from deployments.simulator.delivery import send
from deployments.simulator.otlp import to_request
from deployments.simulator.simulation import Simulation, simulate
from deployments.simulator.traffic import Traffic
from tasks.shared.errors import ServiceUnavailable

UNTIL = dt.date(2026, 11, 19)


def test_a_request_has_one_resource_per_service_and_names_the_project():
    simulation = simulate(Traffic(project="p", until=UNTIL, days=1, spans=200))
    request = to_request(simulation.spans, "p")
    resources = [{a.key: a.value.string_value for a in r.resource.attributes} for r in request.resource_spans]
    assert {r["service.name"] for r in resources} == {"recipe-agent", "telemetry-chat", "legacy-gateway"}
    assert {r["openinference.project.name"] for r in resources} == {"p"}
    spans = [span for r in request.resource_spans for scope in r.scope_spans for span in scope.spans]
    assert len(spans) == len(simulation.spans)
    erring = [span for span in spans if span.status.code == span.status.STATUS_CODE_ERROR]
    assert erring
    assert all(span.status.message for span in erring)
    assert all("exception.type" in {a.key for a in span.events[0].attributes} for span in erring)


@pytest.mark.servers
async def test_phoenix_stores_every_span_and_a_second_time_adds_nothing(servers, project):
    simulation = simulate(Traffic(project=project, until=UNTIL, days=2, spans=150))
    seen = []
    sent = await send(simulation, servers.phoenix_url, progress=lambda stored, total: seen.append((stored, total)))
    assert sent == len(simulation.spans)
    assert seen[0] == (0, sent)
    assert seen[-1] == (sent, sent)
    assert await send(simulation, servers.phoenix_url) == 0
    assert stored_spans(servers.phoenix_url, project).keys() == {span.span_id for span in simulation.spans}


@pytest.mark.servers
async def test_phoenix_keeps_times_kinds_status_and_attributes(servers, project):
    simulation = simulate(Traffic(project=project, until=UNTIL, days=1, spans=60))
    await send(simulation, servers.phoenix_url)
    stored = stored_spans(servers.phoenix_url, project)
    for span in simulation.spans:
        found = stored[span.span_id]
        start = dt.datetime.fromisoformat(found["start_time"]).timestamp()
        assert start == pytest.approx(span.start_ns / 1e9, abs=2e-6)
        assert (found["name"], found["span_kind"], found["status_code"], found["parent_id"]) == (
            span.name, span.kind, span.status, span.parent_id,
        )  # fmt: skip
        assert found["attributes"].get("service.name") == span.attributes.get("service.name")
        assert [event["name"] for event in found["events"]] == (["exception"] if span.failure else [])


@pytest.mark.servers
async def test_what_is_missing_is_sent_without_what_is_there(servers, project):
    simulation = simulate(Traffic(project=project, until=UNTIL, days=1, spans=60))
    half = Simulation(project, simulation.spans[::2], simulation.truth)
    await send(half, servers.phoenix_url)
    assert await send(simulation, servers.phoenix_url) == len(simulation.spans) - len(half.spans)


@pytest.mark.servers
async def test_phoenix_takes_the_broken_project_as_it_is(servers, project):
    simulation = broken(project=project, day=UNTIL)
    assert await send(simulation, servers.phoenix_url) == len(simulation.spans)


@pytest.mark.parametrize(("waiting", "seconds"), [(0, 0.5), (100, 0.5), (400, 1.0), (5000, 3.0)])
def test_it_counts_more_often_towards_the_end(waiting, seconds):
    assert delivery.until_next_look(waiting) == seconds


async def test_a_phoenix_that_is_away_is_named(monkeypatch, project):
    monkeypatch.setattr(delivery, "ATTEMPTS", 2)
    simulation = simulate(Traffic(project=project, until=UNTIL, days=1, spans=20))
    with pytest.raises(ServiceUnavailable, match=r"http://127.0.0.1:9/? did not answer .* Is it running"):
        await asyncio.wait_for(send(simulation, "http://127.0.0.1:9"), 20)


def stored_spans(phoenix_url: str, project: str) -> dict[str, dict]:
    answer = httpx.get(f"{phoenix_url}/v1/projects/{project}/spans", params={"limit": 1000}, timeout=30).json()
    assert answer["next_cursor"] is None
    return {span["context"]["span_id"]: span for span in answer["data"]}
