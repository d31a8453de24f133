"""Simulated users' feedback: true to what happened, most of the time, and written once."""

import datetime as dt
import time
from collections import Counter
from urllib.parse import quote

import httpx
import pytest

from deployments.simulator.delivery import send
from deployments.simulator.simulation import simulate
from deployments.simulator.traffic import Traffic
from deployments.simulator.users import feedback_on, give_feedback

UNTIL = dt.date(2026, 11, 19)


def test_wrong_and_failed_answers_are_disliked():
    simulation = simulate(Traffic(project="p", until=UNTIL))
    roots = {span.span_id: span for span in simulation.spans if span.parent_id is None}
    days = simulation.truth.days.values()
    spans = {span.span_id: span.trace_id for span in simulation.spans}
    bad = {spans[key] for day in days for key in (*day.hallucinated_sql, *day.invalid_tool_calls)}
    bad |= {trace for day in days for trace in day.failed_traces}
    said = Counter()
    for annotation in feedback_on(simulation):
        root = roots[annotation["span_id"]]
        said[root.trace_id in bad, annotation["result"]["label"]] += 1
    assert sum(said.values()) == sum(len(day.feedback) for day in days)
    assert said[False, "positive"] > 100
    assert said[False, "negative"] / said[False, "positive"] < 0.2
    assert said[True, "negative"] / said[True, "positive"] > 2


@pytest.mark.servers
async def test_feedback_lies_on_the_roots_in_phoenix_and_a_second_time_adds_nothing(servers, project):
    simulation = simulate(Traffic(project=project, until=UNTIL, days=1, spans=150))
    await send(simulation, servers.phoenix_url)
    began = time.monotonic()
    count = await give_feedback(simulation, servers.phoenix_url)
    assert time.monotonic() - began < 2
    assert await give_feedback(simulation, servers.phoenix_url) == count > 3
    roots = [span.span_id for span in simulation.spans if span.parent_id is None]
    url = f"{servers.phoenix_url}/v1/projects/{quote(project, safe='')}/span_annotations"
    async with httpx.AsyncClient() as client:
        found = (await client.get(url, params={"span_ids": roots, "limit": 1000})).json()["data"]
    assert Counter(each["result"]["label"] for each in found) == Counter(
        said.label for day in simulation.truth.days.values() for said in day.feedback.values()
    )
    assert {(each["name"], each["annotator_kind"]) for each in found} == {("user_feedback", "HUMAN")}
