"""Both routes hand over the same spans, whatever applications have put into them."""

import datetime as dt
import json
import logging

import pytest

from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.phoenix import Phoenix
from tests.shared.gateways.phoenix.conftest import HOUR, WINDOW, fetched
from tests.traffic import TestEvent, TestSpan, ingest, new_span_id, new_trace_id

PATHS = ["llm", "gen_ai", "input", "output", "metadata", "foo", "number", "x", "tags", "mixed", "user", "openinference"]

OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "grüße 😀\u2028",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "look_up",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"q": "x"}',
    "llm.token_count.prompt": 12,
    "llm.invocation_parameters": '{"temperature": 0.1}',
    "llm.prompt_template.variables": '{"name": "Ada", "none": null}',
    "input.value": "hello",
    "input.mime_type": "text/plain",
}
TRACELOOP = {
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "[{'type': 'text', 'text': 'hi'}]",
    "gen_ai.completion.0.content": "hello",
    "gen_ai.usage.prompt_tokens": 3,
    "gen_ai.system": "openai",
}
OTEL_GENAI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "claude",
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]',
    "gen_ai.usage.input_tokens": 4,
}
CUT_AT_128 = {f"llm.input_messages.{i}.message.content": f"m{i}" for i in range(128)}
ODD = [
    {
        "metadata": json.dumps(
            {"a": None, "b": {}, "c": [], "d": [1, None, {"x": 1.5}], "big": 2**64 - 1, "k.l": {"0": {"z": 1}}}
        )
    },
    {"foo": "text", "number": 2**60 + 1, "user.id": 2**62 + 1, "mixed": [1, "a", 2.5], "tags": ["a", "b"]},
    {"foo": {"b": 2}, "number": 7, "x": 1e-12},
    {"foo": 5, "number": 0.123456789012345, "x": 5.0},
    {"foo": True, "x": 1.25e17, "metadata.deep.value": 0.1 + 0.2},
    {"foo.x": 1, "foo": "both", "tags.0": "p", "tags.1": "q", "input.value": ""},
    {},
]


def traffic() -> list[TestSpan]:
    attributes = [OPENINFERENCE, TRACELOOP, OTEL_GENAI, CUT_AT_128, *ODD]
    spans = [
        TestSpan(start=HOUR + dt.timedelta(seconds=i, microseconds=123457), name=f"n{i}", attributes=a)
        for i, a in enumerate(attributes)
    ]
    failed = TestSpan(
        start=HOUR + dt.timedelta(minutes=5),
        parent_id=spans[0].span_id,
        trace_id=spans[0].trace_id,
        status="ERROR",
        status_message="no such table",
        events=[TestEvent("exception", HOUR, {"exception.type": "KeyError", "exception.message": "no 'x'"})],
    )
    return [*spans, failed]


async def test_both_routes_give_identical_spans_for_every_dialect(settings, project):
    sent = traffic()
    ingest(settings().url, project, sent)
    async with Phoenix(settings(route="fast", traces_per_call=3)) as fast, Phoenix(settings(route="paged")) as paged:
        by_id = {span["span_id"]: span for span in await fetched(fast, project, PATHS)}
        assert by_id == {span["span_id"]: span for span in await fetched(paged, project, PATHS)}
    assert set(by_id) == {span.span_id for span in sent}
    first, last = by_id[sent[0].span_id], by_id[sent[-1].span_id]
    assert first["kind"] == "LLM"
    assert first["attributes"]["llm"]["input_messages"][0]["message"]["content"] == "grüße 😀\u2028"
    assert first["events"] is None
    assert first["start_time"] == "2026-03-01T05:00:00.123457+00:00"
    assert last["status_message"] == "no such table"
    assert last["events"][0]["attributes"]["exception.type"] == "KeyError"
    assert last["parent_id"] == sent[0].span_id
    assert len(by_id[sent[3].span_id]["attributes"]["llm"]["input_messages"]) == 128


async def test_numbers_come_as_documented(settings, project):
    spans = [TestSpan(start=HOUR, attributes=a) for a in ODD]
    ingest(settings().url, project, spans)
    async with Phoenix(settings(route="fast")) as phoenix:
        found = {span["span_id"]: span["attributes"] for span in await fetched(phoenix, project, PATHS)}
    of = [found[span.span_id] for span in spans]
    assert of[1]["number"] == 2**60 + 1
    assert of[1]["user"]["id"] == 2**62 + 1
    assert (of[2]["x"], of[3]["x"], of[3]["number"]) == (0, 5, 0.123456789)
    assert of[0]["metadata"] == {"c": [], "d": [{"x": 1.5}], "big": 2**64 - 1, "k": {"l": [{"z": 1}]}}
    assert [of[i]["foo"] for i in (1, 2, 3, 4)] == ["text", {"b": 2}, 5, True]


async def test_a_dotted_path_brings_only_its_subtree(settings, project):
    ingest(settings().url, project, [TestSpan(start=HOUR, attributes=OPENINFERENCE)])
    for route in ("fast", "paged"):
        async with Phoenix(settings(route=route)) as phoenix:
            spans = await fetched(phoenix, project, ["llm.token_count", "input.value", "a"])
        assert spans[0]["attributes"] == {"llm": {"token_count": {"prompt": 12}}, "input": {"value": "hello"}}


async def test_the_order_is_the_same_every_time(settings, project):
    ingest(settings().url, project, traffic())
    for route in ("fast", "paged"):
        async with Phoenix(settings(route=route, in_flight=3, traces_per_call=2, page_size=4)) as phoenix:
            first = [span["span_id"] for span in await fetched(phoenix, project, ["llm"])]
            assert first == [span["span_id"] for span in await fetched(phoenix, project, ["llm"])]


async def test_a_value_phoenix_cannot_read_back_is_left_out_and_the_rest_is_complete(settings, project, caplog):
    # PostgreSQL's JSON prints 1.5e20 as an integer beyond 64 bits, and Phoenix answers 500 to whoever asks for it.
    broken = TestSpan(start=HOUR, attributes={"score.value": 1.5e20, "llm.model_name": "m"})
    others = [TestSpan(start=HOUR, attributes={"score.value": i, "llm.model_name": "m"}) for i in range(4)]
    ingest(settings().url, project, [broken, *others])
    async with Phoenix(settings(route="fast")) as phoenix:
        with caplog.at_level(logging.WARNING):
            spans = {span["span_id"]: span["attributes"] for span in await fetched(phoenix, project, ["llm", "score"])}
    assert spans[broken.span_id] == {"llm": {"model_name": "m"}}
    assert sorted(spans[span.span_id]["score"]["value"] for span in others) == [0, 1, 2, 3]
    assert f"attribute score of span {broken.span_id}" in caplog.text


async def test_spans_of_a_trace_that_began_before_the_window_are_fetched(settings, project):
    trace_id, root = new_trace_id(), new_span_id()
    before = TestSpan(
        start=HOUR - dt.timedelta(days=3), trace_id=trace_id, span_id=root, end=HOUR + dt.timedelta(minutes=30)
    )
    inside = TestSpan(start=HOUR + dt.timedelta(minutes=10), trace_id=trace_id, parent_id=root)
    after = TestSpan(start=WINDOW.end, trace_id=trace_id, parent_id=root)
    ended = TestSpan(start=HOUR - dt.timedelta(days=2))
    ingest(settings().url, project, [before, inside, after, ended])
    for route in ("fast", "paged"):
        async with Phoenix(settings(route=route)) as phoenix:
            assert [span["span_id"] for span in await fetched(phoenix, project, [])] == [inside.span_id]
            assert await phoenix.trace_ids(project, WINDOW) == [trace_id]
            assert await phoenix.span_ids(project, WINDOW) == {inside.span_id: trace_id}


@pytest.mark.parametrize("route", ["fast", "paged"])
async def test_only_the_given_traces_are_fetched(settings, project, route):
    sent = [TestSpan(start=HOUR + dt.timedelta(seconds=i)) for i in range(4)]
    ingest(settings().url, project, sent)
    some = [sent[2].trace_id, sent[0].trace_id, sent[2].trace_id]
    async with Phoenix(settings(route=route)) as phoenix:
        spans = await fetched(phoenix, project, [], trace_ids=some)
        assert {span["span_id"] for span in spans} == {sent[0].span_id, sent[2].span_id}
        assert len(spans) == 2
        assert set(await phoenix.span_ids(project, WINDOW, some)) == {sent[0].span_id, sent[2].span_id}
        assert await fetched(phoenix, project, [], trace_ids=[]) == []


async def test_a_sample_shows_attributes_that_nobody_declared(settings, project):
    sent = [TestSpan(start=HOUR + dt.timedelta(minutes=i), attributes={"custom.thing": i}) for i in range(40)]
    ingest(settings().url, project, sent)
    async with Phoenix(settings()) as phoenix:
        spans = await phoenix.sample(project, WINDOW, 8)
        assert await phoenix.sample(project, WINDOW, 0) == []
    assert {"thing"} == {key for span in spans for key in span["attributes"]["custom"]}
    assert len(spans) == 6  # two of each quarter of the hour that has any


async def test_events_that_cannot_be_read_are_missing_and_the_other_spans_have_theirs(settings, project, caplog):
    event = TestEvent("exception", HOUR, {"exception.message": "no"})
    failed = [TestSpan(start=HOUR, status="ERROR", events=[event]) for _ in range(3)]
    broken = TestSpan(start=HOUR, status="ERROR", events=[event], attributes={"score.value": 1e300})
    ingest(settings().url, project, [*failed, broken])
    async with Phoenix(settings(route="fast")) as phoenix:
        with caplog.at_level(logging.WARNING):
            spans = {span["span_id"]: span["events"] for span in await fetched(phoenix, project, ["llm"])}
        assert await phoenix.sample(project, WINDOW, 4) == []
    assert spans.pop(broken.span_id) is None
    assert [events[0]["attributes"]["exception.message"] for events in spans.values()] == ["no"] * 3
    assert f"Span {broken.span_id} cannot be read" in caplog.text
    async with Phoenix(settings(route="paged")) as phoenix:
        with pytest.raises(ServiceUnavailable, match="a system or member key makes the fast route possible"):
            await fetched(phoenix, project, ["llm"])
