"""A span's messages, in whatever form they came, are one conversation in OpenAI's form."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.sync.conversation.forms import richest
from tasks.sync.conversation.openai_form import conversation, messages_of
from tasks.sync.conversation.pieces import as_json, piece, pieces, placeholder


def said(raw):
    return messages_of(raw, Counter())


def test_text_blocks_are_joined_by_a_blank_line_and_no_content_is_dropped():
    blocks = [{"type": "text", "text": "One."}, {"type": "text", "text": "(no content)"}, {"type": "text", "text": "2"}]
    assert said({"role": "user", "content": blocks}) == [{"role": "user", "content": "One.\n\n2"}]


@pytest.mark.parametrize("written", [json.dumps, repr])
def test_content_is_read_as_json_or_as_a_python_literal(written):
    blocks = [{"type": "text", "text": "It's 5 o'clock."}]
    assert said({"role": "user", "content": written(blocks)}) == [{"role": "user", "content": "It's 5 o'clock."}]


OWN_JSON = [
    '{"type":"document","id":5,"body":"whole"}',
    '{"type":"text","value":"x"}',
    '{"type":"FeatureCollection","features":[]}',
    '[{"type":"click","x":1}]',
]


@pytest.mark.parametrize(
    "text", [*OWN_JSON, "[1, 2]", '{"a": 1}', "42", "{'a'", "[not json", '[{"kind": "text"}]', "True"]
)
def test_text_that_is_no_list_of_blocks_is_kept_as_it_is(text):
    assert said({"role": "user", "content": text}) == [{"role": "user", "content": text}]


def test_a_tool_use_becomes_a_tool_call_and_the_turn_has_no_content():
    block = {"type": "tool_use", "id": "t1", "name": "get_recipes", "input": {"q": "soup", "n": 2}}
    assert said({"role": "assistant", "content": [block]}) == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "t1",
                    "type": "function",
                    "function": {"name": "get_recipes", "arguments": '{"q":"soup","n":2}'},
                }
            ],
        }
    ]


def test_each_tool_result_is_a_message_and_the_text_beside_it_is_the_users():
    blocks = [
        {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "3 found"}]},
        {"type": "text", "text": "Now the second."},
        {"type": "tool_result", "tool_use_id": "t2", "content": "no such table", "is_error": True},
    ]
    assert said({"role": "user", "content": blocks}) == [
        {"role": "tool", "tool_call_id": "t1", "content": "3 found"},
        {"role": "tool", "tool_call_id": "t2", "content": "no such table", "metadata": {"is_error": True}},
        {"role": "user", "content": "Now the second."},
    ]


def test_thinking_is_kept_beside_what_was_said():
    blocks = [{"type": "thinking", "thinking": "Hm.", "signature": "x"}, {"type": "text", "text": "Yes."}]
    assert said({"role": "assistant", "content": blocks}) == [
        {"role": "assistant", "content": "Yes.", "thinking": "Hm."}
    ]


def test_blocks_that_nobody_understands_are_kept_and_counted():
    block = {"type": "redacted_thinking", "data": "abc"}
    told = conversation([{"role": "assistant", "content": [block, {"type": "text", "text": "Yes."}]}])
    assert told.messages == ({"role": "assistant", "content": "Yes.", "metadata": {"unknown_blocks": [block]}},)
    assert told.counts == {"unknown_block": 1}


def test_system_reminders_are_removed_and_counted():
    text = "<system-reminder>\nBe brief.\n</system-reminder>\nHow many?<system-reminder>x</system-reminder>"
    told = conversation([{"role": "user", "content": text}])
    assert told.messages == ({"role": "user", "content": "How many?"},)
    assert told.counts == {"system_reminder": 2}


def test_a_turn_that_held_only_a_reminder_is_gone():
    assert conversation([{"role": "user", "content": "<system-reminder>x</system-reminder>"}]).messages == ()


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJDREVG"}},
            "[image image/png, 6 bytes]",
        ),
        ({"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}, "[image: https://x.test/a.png]"),
        ({"type": "image_url", "image_url": {"url": "data:image/gif;base64,QUJD"}}, "[image image/gif, 3 bytes]"),
        (
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "QUI="}},
            "[document application/pdf, 2 bytes]",
        ),
        ({"type": "blob", "mime_type": "audio/wav", "content": "QUJD"}, "[blob audio/wav, 3 bytes]"),
        ({"type": "input_image", "image_url": "https://x.test/b.png"}, "[image: https://x.test/b.png]"),
    ],
)
def test_images_and_documents_leave_a_placeholder_with_their_size(block, shown):
    assert placeholder(block) == shown
    assert piece(block).text == shown


def test_a_prompt_turn_without_content_is_kept_when_it_calls_a_tool():
    call = {"id": "c1", "name": "lookup", "arguments": '{"id": 7}'}
    assert said({"role": "assistant", "tool_calls": [call]})[0]["tool_calls"][0]["function"] == {
        "name": "lookup",
        "arguments": '{"id": 7}',
    }
    assert said({"role": "assistant"}) == []


def test_openai_tool_messages_stay_tool_messages():
    assert said({"role": "tool", "tool_call_id": "c1", "content": "7 rows"}) == [
        {"role": "tool", "tool_call_id": "c1", "content": "7 rows"}
    ]


TRACELOOP = {
    "gen_ai": {
        "prompt": [
            {"role": "system", "content": "You help."},
            {"role": "user", "content": "How many?"},
            {"role": "assistant", "tool_calls": [{"id": "1", "name": "count", "arguments": "{}"}]},
            {"role": "tool", "tool_call_id": "1", "content": "3"},
        ],
        "completion": [{"role": "assistant", "content": "Three.", "finish_reason": "stop"}],
    }
}
OTEL = {
    "gen_ai": {
        "system_instructions": json.dumps([{"type": "text", "content": "You help."}]),
        "input": {
            "messages": json.dumps(
                [
                    {"role": "user", "parts": [{"type": "text", "content": "How many?"}]},
                    {
                        "role": "assistant",
                        "parts": [{"type": "tool_call", "id": "1", "name": "count", "arguments": {}}],
                    },
                    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "3"}]},
                ]
            )
        },
        "output": {"messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Three."}]}])},
    }
}
OPENINFERENCE = {
    "llm": {
        "input_messages": [
            {"message": {"role": "system", "content": "You help."}},
            {
                "message": {
                    "role": "user",
                    "contents": [{"message_content": {"type": "text", "text": "How many?"}}],
                }
            },
            {
                "message": {
                    "role": "assistant",
                    "tool_calls": [{"tool_call": {"id": "1", "function": {"name": "count", "arguments": "{}"}}}],
                }
            },
            {"message": {"role": "tool", "tool_call_id": "1", "content": "3"}},
        ],
        "output_messages": [{"message": {"role": "assistant", "content": "Three."}}],
    },
    "output": {"value": "Three."},
}
EXPECTED = (
    {"role": "system", "content": "You help."},
    {"role": "user", "content": "How many?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "count", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "1", "content": "3"},
    {"role": "assistant", "content": "Three."},
)


@pytest.mark.parametrize("attributes", [TRACELOOP, OTEL, OPENINFERENCE], ids=["traceloop", "otel", "openinference"])
def test_every_form_says_the_same(attributes):
    assert richest(attributes, bare=True).messages == EXPECTED


def test_numbered_messages_come_in_numeric_order():
    numbered = {str(n): {"role": "user", "content": f"turn {n}"} for n in (10, 2, 0, 1, 11)}
    told = richest({"gen_ai": {"prompt": numbered}}, bare=False)
    assert [m["content"] for m in told.messages] == [f"turn {n}" for n in (0, 1, 2, 10, 11)]


def test_the_richest_form_wins_and_bare_values_never_do_beside_messages():
    poor = {"llm": {"input_messages": [{"message": {"role": "user", "content": "How many?"}}]}}
    both = {**poor, **TRACELOOP, "output": {"value": "x" * 1000}, "input": {"value": "y" * 1000}}
    assert richest(both, bare=True).messages == EXPECTED
    assert richest({**poor, "output": {"value": "x" * 1000}}, bare=True).messages[0]["content"] == "How many?"


def test_bare_values_serve_where_there_are_no_messages():
    bare = {"input": {"value": "Hello"}, "output": {"value": "Hi"}}
    assert [m["content"] for m in richest(bare, bare=True).messages] == ["Hello", "Hi"]
    assert richest(bare, bare=False) is None


def test_an_answer_without_a_question_is_no_conversation():
    assert richest({"gen_ai": {"completion": [{"role": "assistant", "content": "Hi"}]}}, bare=True) is None


BLOCKS = st.lists(
    st.one_of(
        st.builds(lambda t: {"type": "text", "text": t}, st.text(max_size=20)),
        st.builds(lambda i: {"type": "tool_use", "id": i, "name": "f", "input": {"i": i}}, st.text(max_size=3)),
        st.builds(lambda i, c: {"type": "tool_result", "tool_use_id": i, "content": c}, st.text(max_size=3), st.text()),
        st.builds(lambda t: {"type": "thinking", "thinking": t}, st.text(max_size=20)),
        st.builds(lambda t: {"type": t}, st.text(max_size=5)),
        st.text(max_size=10),
    ),
    max_size=6,
)


@given(st.sampled_from(["user", "assistant", "tool", "system"]), BLOCKS)
def test_no_tool_result_and_no_call_is_ever_lost(role, blocks):
    told = said({"role": role, "content": blocks})
    results = sum(isinstance(b, dict) and b["type"] == "tool_result" for b in blocks)
    calls = sum(isinstance(b, dict) and b["type"] == "tool_use" for b in blocks)
    assert sum(m["role"] == "tool" for m in told) >= results
    if results or role != "tool":
        assert sum(len(m.get("tool_calls", ())) for m in told) == calls


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(ANYTHING)
def test_whatever_a_content_holds_it_is_read(content):
    for part in pieces(content):
        assert isinstance(part.text, str)
    json.loads(as_json(said({"role": "user", "content": content})))


@given(st.dictionaries(st.sampled_from(["gen_ai", "llm", "input", "output"]), ANYTHING, max_size=4))
def test_whatever_attributes_hold_they_are_read(attributes):
    found = richest(attributes, bare=True)
    assert found is None or len(found.messages) > 0
