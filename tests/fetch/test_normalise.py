"""One row per span; what cannot become a row is kept with a reason; nothing is counted twice or dropped silently."""

import datetime as dt
import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.normalise import DECLARED, normalise, undeclared
from tasks.shared.records import RawSpan
from tasks.shared.store.tables import QUARANTINE, SPANS
from tests.fetch.raw_spans import PRICES, WINDOW, nested, normal, raw_span, row_of

LLM_CALL = {"llm.model_name": "gpt-4o", "llm.token_count.prompt": 1000, "llm.token_count.completion": 100}


def test_a_plain_span_keeps_its_ids_times_and_status() -> None:
    row = row_of(
        span_id="00000000000000aa",
        trace_id="000000000000000000000000000000bb",
        parent_id="00000000000000cc",
        name="execute_sql",
        kind="TOOL",
        status_message="fine",
    )
    assert (row["span_id"], row["trace_id"]) == ("00000000000000aa", "000000000000000000000000000000bb")
    assert (row["parent_id"], row["name"], row["kind"]) == ("00000000000000cc", "execute_sql", "TOOL")
    assert (row["status_code"], row["status_message"]) == ("OK", "fine")
    assert row["start_time"] == dt.datetime(2026, 11, 19, 5, 0, 0, 10_000, tzinfo=dt.UTC)
    assert row["latency_ms"] == 90.0
    assert row["dialect"] == "none"
    assert row["attributes"] == "{}"


def test_rows_have_the_declared_schemas_even_without_spans() -> None:
    done = normal()
    assert (done.rows.schema, done.quarantined.schema) == (SPANS.schema, QUARANTINE.schema)
    assert (done.rows.num_rows, done.quarantined.num_rows, len(done.unknown)) == (0, 0, 0)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-19T05:00:00.01Z",
        "2026-11-19T06:00:00.010+01:00",
        "2026-11-19T05:00:00.010000000Z",
        "2026-11-19 05:00:00.010",
    ],
)
def test_start_times_with_any_offset_mean_the_same_instant(written: str) -> None:
    assert row_of(start_time=written)["start_time"] == dt.datetime(2026, 11, 19, 5, 0, 0, 10_000, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"span_id": "span-1"}, "span_id is 'span-1', not 16 hex digits that are not all zero"),
        ({"span_id": "0" * 16}, "span_id is '0000000000000000', not 16 hex digits that are not all zero"),
        ({"span_id": None}, "span_id is None, not 16 hex digits that are not all zero"),
        ({"trace_id": "abc"}, "trace_id is 'abc', not 32 hex digits that are not all zero"),
        ({"parent_id": "x" * 16}, "parent_id is 'xxxxxxxxxxxxxxxx', not 16 hex digits that are not all zero"),
        ({"parent_id": 7}, "parent_id is 7, not 16 hex digits that are not all zero"),
        ({"end_time": "2026-11-19T05:00:00.009Z"},
         "end_time 2026-11-19T05:00:00.009Z is before start_time 2026-11-19T05:00:00.010000+00:00"),
        ({"start_time": "yesterday"}, "start_time is 'yesterday', not a time"),
        ({"start_time": "0001-01-01T00:00:00+14:00"}, "start_time is '0001-01-01T00:00:00+14:00', not a time"),
        ({"end_time": None}, "end_time is None, not a time"),
        ({"start_time": "2026-11-18T23:59:59Z"}, "start_time 2026-11-18T23:59:59Z is outside the window 2026-11-19"),
        ({"name": None}, "name is None, not text"),
        ({"kind": 3}, "kind is 3, not text"),
        ({"status_code": "MAYBE"}, "status_code is 'MAYBE', none of OK, ERROR, UNSET"),
        ({"status_code": []}, "status_code is list, none of OK, ERROR, UNSET"),
        ({"attributes": [1]}, "attributes are list, not an object"),
        ({"attributes": {"llm": {"token_count": {"prompt": "many"}}}}, "prompt_tokens is 'many', not a whole number"),
        ({"attributes": {"llm": {"token_count": {"prompt": 1.5}}}}, "prompt_tokens is 1.5, not a whole number"),
        ({"attributes": {"llm": {"token_count": {"total": True}}}}, "total_tokens is True, not a whole number"),
        ({"attributes": {"llm": {"token_count": {"total": 2**62}}}}, "total_tokens is beyond any count"),
    ],
)  # fmt: skip
def test_a_malformed_span_is_quarantined_with_its_reason_and_the_others_go_on(changes: Any, reason: str) -> None:
    bad, good = raw_span(**changes), raw_span()
    done = normal(bad, good)
    assert done.rows["span_id"].to_pylist() == [good["span_id"]]
    [kept] = done.quarantined.to_pylist()
    assert kept["reason"] == reason
    assert (kept["table_name"], kept["stage"]) == ("spans", "normalise")
    assert json.loads(kept["row"]) == bad


def test_a_quarantined_span_lies_at_its_start_or_else_at_the_window_s() -> None:
    done = normal(raw_span(span_id="x"), raw_span(start_time="?"), raw_span(start_time="2020-01-01T00:00:00Z"))
    starts = done.quarantined["start_time"].to_pylist()
    assert starts == [dt.datetime(2026, 11, 19, 5, 0, 0, 10_000, tzinfo=dt.UTC), WINDOW.start, WINDOW.start]


def test_what_json_cannot_say_is_quarantined_in_short() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"llm": deep}
    done = normal(raw_span(attributes=deep), raw_span(name="\ud800"), raw_span(attributes={"a": {1, 2}}))
    assert done.rows.num_rows == 0
    assert all("cannot be written as JSON" in reason for reason in done.quarantined["reason"].to_pylist())
    assert all("shortened" in json.loads(row) for row in done.quarantined["row"].to_pylist())


@pytest.mark.parametrize("sent", [12, 12.0, "12", " 12 ", "12.0", "+12"])
def test_token_counts_of_another_type_are_read_when_they_can_mean_only_one_thing(sent: Any) -> None:
    row = row_of({**LLM_CALL, "llm.token_count.prompt": sent})
    assert (row["prompt_tokens"], row["total_tokens"]) == (12, 112)


def test_negative_tokens_pass_for_the_checks_to_find() -> None:
    row = row_of({**LLM_CALL, "llm.token_count.prompt": -5})
    assert row["prompt_tokens"] == -5
    assert row["cost_usd"] == (-5 * 2.5 + 100 * 10) / 1e6


def test_a_total_is_taken_as_reported_or_else_added_up() -> None:
    assert row_of({**LLM_CALL, "llm.token_count.total": 2000})["total_tokens"] == 2000
    assert row_of(LLM_CALL)["total_tokens"] == 1100
    assert row_of({"llm.token_count.completion": 3})["total_tokens"] == 3
    assert row_of({"llm.model_name": "gpt-4o"})["total_tokens"] is None


def test_cached_tokens_counted_apart_are_added_to_the_prompt() -> None:
    apart = {
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cache_read_input_tokens": 90,
        "gen_ai.usage.output_tokens": 1,
    }
    row = row_of(apart)
    assert (row["prompt_tokens"], row["cache_read_tokens"], row["total_tokens"]) == (100, 90, 101)


def test_details_of_tokens_are_read() -> None:
    row = row_of(
        {
            **LLM_CALL,
            "llm.token_count.prompt_details.cache_write": 10,
            "llm.token_count.prompt_details.audio": 3,
            "llm.token_count.completion_details.audio": 4,
            "llm.token_count.completion_details.reasoning": 50,
        }
    )
    assert (row["cache_write_tokens"], row["audio_tokens"], row["reasoning_tokens"]) == (10, 7, 50)


def test_a_parent_that_repeats_the_counts_of_its_model_calls_is_not_counted() -> None:
    spans = conversation(("CHAIN", LLM_CALL), ("LLM", LLM_CALL))
    rows = normal(*spans).rows.to_pylist()
    assert [row["prompt_tokens"] for row in rows] == [None, 1000]
    assert [row["cost_usd"] for row in rows] == [None, 0.0035]
    assert json.loads(rows[0]["attributes"]) == nested(LLM_CALL)


@pytest.mark.parametrize("order", [1, -1])
def test_a_model_call_that_repeats_its_parent_s_is_counted_once(order: int) -> None:
    messages = {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi"}
    spans = conversation(("LLM", {**LLM_CALL, **messages}), ("LLM", {**LLM_CALL, **messages}), ("LLM", LLM_CALL))
    rows = {row["span_id"]: row for row in normal(*spans[::order]).rows.to_pylist()}
    assert [rows[span["span_id"]]["total_tokens"] for span in spans] == [1100, None, None]
    assert [rows[span["span_id"]]["cost_usd"] for span in spans] == [0.0035, None, None]
    assert rows[spans[1]["span_id"]]["input"] == "hi"


def test_a_child_that_repeats_its_parent_s_messages_is_the_same_call_though_counts_differ() -> None:
    messages = nested({"llm.input_messages.0.message.content": "hi", "llm.output_messages.0.message.content": "ho"})[
        "llm"
    ]
    spans = conversation(
        ("LLM", {"llm": {**messages, "token_count": {"prompt": 10}}}),
        ("LLM", {"llm": {**messages, "token_count": {"prompt": 9}}}),
    )
    assert normal(*spans).rows["prompt_tokens"].to_pylist() == [10, None]


def test_model_calls_that_only_look_alike_are_all_counted() -> None:
    siblings = [raw_span(LLM_CALL, kind="LLM", parent_id="00000000000000aa") for _ in range(3)]
    nested_but_different = conversation(("LLM", LLM_CALL), ("LLM", {**LLM_CALL, "llm.token_count.prompt": 999}))
    parent_without_counts = conversation(("LLM", {"llm.model_name": "gpt-4o"}), ("LLM", LLM_CALL))
    itself = raw_span(LLM_CALL, kind="LLM", span_id="00000000000000ab", parent_id="00000000000000ab")
    for spans, counts in (
        (siblings, [1000, 1000, 1000]),
        (nested_but_different, [1000, 999]),
        (parent_without_counts, [None, 1000]),
        ([itself], [1000]),
    ):
        assert normal(*spans).rows["prompt_tokens"].to_pylist() == counts


def tree(*spans: tuple[str, int | None, int | None]) -> list[RawSpan]:
    """One trace of (kind, place of the parent, prompt tokens)."""
    ids = [f"{number:016x}" for number in range(1, len(spans) + 1)]
    return [
        raw_span(
            {"llm.token_count.prompt": count, "llm.model_name": "gpt-4o"} if count is not None else {},
            kind=kind,
            span_id=ids[place],
            trace_id="ab" * 16,
            parent_id=None if parent is None else ids[parent] if parent >= 0 else "f" * 16,
        )
        for place, (kind, parent, count) in enumerate(spans)
    ]


@pytest.mark.parametrize(
    ("spans", "counts"),
    [
        ([("AGENT", None, 70)], [70]),
        ([("AGENT", None, 70), ("LLM", 0, None)], [70, None]),
        ([("AGENT", None, 70), ("CHAIN", 0, 40), ("TOOL", 1, 10)], [70, None, None]),
        ([("CHAIN", None, None), ("AGENT", 0, 40), ("AGENT", 0, 30)], [None, 40, 30]),
        ([("AGENT", None, 70), ("CHAIN", 0, None), ("LLM", 1, 60)], [None, None, 60]),
        ([("AGENT", None, 70), ("LLM", 0, 60), ("TOOL", 0, 10)], [None, 60, 10]),
        ([("LLM", None, 60), ("TOOL", 0, 10)], [60, None]),
        ([("AGENT", None, 70), ("LLM", -1, 60)], [None, 60]),
        ([("AGENT", 1, 70), ("CHAIN", 0, None)], [70, None]),
    ],
)
def test_counts_beside_model_calls_stand_on_the_topmost_span_where_no_model_call_has_them(spans, counts) -> None:
    sent = tree(*spans)
    for order in (sent, sent[::-1]):
        done = normal(*order)
        rows = {row["span_id"]: row for row in done.rows.to_pylist()}
        assert [rows[span["span_id"]]["prompt_tokens"] for span in sent] == counts
        assert [rows[span["span_id"]]["total_tokens"] for span in sent] == counts
        assert all((rows[s["span_id"]]["cost_usd"] is None) == (n is None) for s, n in zip(sent, counts, strict=True))
        left_out = sum(told is not None for _, _, told in spans) - sum(count is not None for count in counts)
        assert done.unknown["usage_told_elsewhere"] == left_out


def test_counts_of_one_trace_say_nothing_about_another() -> None:
    agent, call = raw_span(LLM_CALL, kind="AGENT"), raw_span(LLM_CALL, kind="LLM", parent_id="f" * 16)
    assert normal(agent, call).rows["prompt_tokens"].to_pylist() == [1000, 1000]


def test_counts_on_other_kinds_that_cannot_be_read_keep_no_span_out() -> None:
    assert row_of({"llm.token_count.prompt": "many"}, kind="CHAIN")["prompt_tokens"] is None


def test_the_cost_is_null_for_a_model_without_a_price() -> None:
    row = row_of({**LLM_CALL, "llm.model_name": "nobody-1"})
    assert (row["model"], row["cost_usd"], row["prompt_tokens"]) == ("nobody-1", None, 1000)


def test_the_last_exception_of_a_failed_span_is_told() -> None:
    events = [
        {"name": "exception", "timestamp": "t", "attributes": {"exception.type": "A", "exception.message": "a"}},
        {"name": "exception", "timestamp": "t", "attributes": {"exception": {"type": "B", "message": "b"}}},
        {"name": "log", "timestamp": "t", "attributes": {}},
    ]
    row = row_of(status_code="ERROR", events=events)
    assert (row["exception_type"], row["exception_message"]) == ("B", "b")
    assert json.loads(row["events"]) == events


def test_events_of_spans_that_did_not_fail_are_left_out_as_only_one_route_fetches_them() -> None:
    assert row_of(events=[{"name": "log"}]) | {"digest": "", "span_id": "", "trace_id": ""} == row_of() | {
        "digest": "", "span_id": "", "trace_id": "",
    }  # fmt: skip


def test_an_exception_may_stand_in_the_attributes() -> None:
    row = row_of({"exception.type": "A", "exception.message": "a"}, status_code="ERROR")
    assert (row["exception_type"], row["exception_message"], row["events"]) == ("A", "a", None)
    assert row_of({"error.type": "timeout"}, status_code="ERROR", events=["?"])["exception_type"] == "timeout"


def test_an_unknown_attribute_is_counted_once_per_span_and_kept() -> None:
    strange = {"llm.input_messages.0.message.mood": "glad", "llm.input_messages.1.message.mood": "sad", "foo.0.bar": 1}
    done = normal(raw_span(strange), raw_span({"llm.input_messages.0.message.mood": 1, "llm.model_name.x": 1}))
    assert done.unknown == {"llm.input_messages.message.mood": 2, "foo.bar": 1, "llm.model_name.x": 1}
    assert json.loads(done.rows["attributes"].to_pylist()[0]) == nested(strange)


@pytest.mark.parametrize(
    ("attributes", "unknown"),
    [
        ({"metadata": {"any": {"thing": 1}}, "llm": {"prompt_template": {"variables": {"x": [{"y": 1}]}}}}, []),
        ({"llm": {"input_messages": {"0": {"message": {"role": "user"}}}}}, []),
        ({"gen_ai": {"prompt": "x", "prompt.0": {"role": "user", "mood": 1}}}, ["gen_ai.prompt.mood"]),
        ({"input": "scalar"}, ["input"]),
        ({"llm": {"model_name": ["a", {"b": 1}]}}, ["llm.model_name.b"]),
        ({"a": {"0": "x", "b": "y"}}, ["a", "a.b"]),
        ({"llm": {}, "foo": {}}, []),
        ({"embedding": {"embeddings": [{"embedding": {"vector": [0.1, 0.2]}}]}}, []),
    ],
)
def test_what_counts_as_unknown(attributes: Any, unknown: list[str]) -> None:
    assert sorted(normal(raw_span(attributes=attributes)).unknown) == unknown


def test_attributes_outside_the_declared_subtrees_are_found_in_a_sample() -> None:
    sample = [
        raw_span({"llm.model_name": "m", "foo.bar": 1, "foo.baz.0.q": 2, "openinference.span.kind": "LLM"}),
        raw_span({"foo.bar": 1, "llm_extra": 1, "empty.list": []}),
        raw_span(),
        raw_span(attributes=None),
    ]
    assert undeclared(sample, DECLARED) == {"foo.bar": 2, "foo.baz.q": 1, "llm_extra": 1, "empty.list": 1}
    assert undeclared(sample, (*DECLARED, "foo.baz", "empty", "llm_extra")) == {"foo.bar": 2}


def test_every_subtree_that_nightjar_maps_is_declared() -> None:
    from tasks.fetch.known import KNOWN

    assert set(KNOWN.below) - {"openinference"} == set(DECLARED)


def test_the_digest_tells_content_and_not_the_order_of_keys() -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: shuffled(v) for k, v in reversed(value.items())}
        return [shuffled(v) for v in value] if isinstance(value, list) else value

    span = raw_span({**LLM_CALL, "metadata.a": 1, "metadata.b": 2})
    digest = normal(span).rows["digest"].to_pylist()
    assert normal(shuffled(span)).rows["digest"].to_pylist() == digest
    assert normal(RawSpan(**{**span, "status_message": "x"})).rows["digest"].to_pylist() != digest
    assert len(digest[0]) == 16
    int(digest[0], 16)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
NAMES = (
    "llm gen_ai input output input_messages output_messages message messages prompt prompt.0 completion parts 0 1 role "
    "content contents message_content type text tool_calls tool_call function arguments name token_count usage tool "
    "tools json_schema definitions retrieval documents document metadata tag tags value traceloop span kind "
    "system_instructions"
)
LITERALS = (
    *("user", "assistant", "12", "text", "tool_call", "[", "{'a': 1}", '[{"type": "text", "text": "x"}]'),
    *("[{'type': b'x'}]", "[{'type': 'text', 'text': {1, 2}}]", "[[" * 500, "[" * 300 + "]" * 300),
    *('{"a":' * 260 + "1" + "}" * 260, "[-" * 90),
)
FIELDS = "span_id trace_id parent_id name kind status_code status_message start_time end_time"
WRONG = SCALARS | st.lists(st.integers(), max_size=2)
FAILED = {"status_code": "ERROR", "events": [{"name": "exception", "attributes": None}, 3]}


@st.composite
def any_object(draw: st.DrawFn) -> dict[str, Any]:
    """Nested attributes under the names that dialects use, with values of every wrong kind."""
    words = st.sampled_from(NAMES.split())
    node = st.recursive(
        SCALARS | st.integers(0, len(LITERALS) - 1).map(LITERALS.__getitem__),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=3), inner, max_size=4),
        max_leaves=25,
    )
    return draw(st.dictionaries(words, node, max_size=5))


@st.composite
def any_span(draw: st.DrawFn) -> RawSpan:
    """A span with any attributes and up to two fields of any wrong type."""
    fields = st.dictionaries(st.sampled_from(FIELDS.split()), WRONG, max_size=2)
    changes = draw(fields | st.just({"kind": "LLM"}) | st.just(FAILED))
    return raw_span(**{"attributes": draw(any_object() | any_object() | WRONG), **changes})


@settings(max_examples=120, deadline=None)
@given(st.lists(any_span(), max_size=4))
def test_whatever_comes_every_span_ends_in_exactly_one_place(spans: list[RawSpan]) -> None:
    done = normalise(spans, WINDOW, PRICES)
    assert done.rows.num_rows + done.quarantined.num_rows == len(spans)
    assert (done.rows.schema, done.quarantined.schema) == (SPANS.schema, QUARANTINE.schema)
    done.rows.validate(full=True)
    rows = done.rows.to_pylist()
    for column in ("attributes", "input_messages", "output_messages", "tools", "documents", "metadata", "tags"):
        assert all(orjson.loads(row[column]) is not None for row in rows if row[column] is not None)
    sent = {span["span_id"]: span["attributes"] for span in spans if isinstance(span["span_id"], str)}
    for row in rows:
        assert orjson.loads(row["attributes"]) == orjson.loads(orjson.dumps(sent[row["span_id"]]))


@settings(max_examples=40, deadline=None)
@given(any_object())
def test_digests_do_not_depend_on_key_order(attributes: dict[str, Any]) -> None:
    span = raw_span(attributes=attributes)
    turned = RawSpan(**{**span, "attributes": dict(reversed(attributes.items()))})
    first, second = normal(span), normal(turned)
    assert first.rows.equals(second.rows)
    assert first.unknown == second.unknown


def conversation(*steps: tuple[str, dict[str, Any]]) -> list[RawSpan]:
    """Spans of one trace, each the parent of the next."""
    spans: list[RawSpan] = []
    for kind, attributes in steps:
        above = spans[-1] if spans else raw_span()
        parent_id = above["span_id"] if spans else None
        spans.append(raw_span(attributes, kind=kind, trace_id=above["trace_id"], parent_id=parent_id))
    return spans
