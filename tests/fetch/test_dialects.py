"""Every dialect ends in the same columns."""

import json
from typing import Any

import pytest

from tests.fetch.raw_spans import normal, raw_span, row_of

OPENINFERENCE = {
    "llm.model_name": "gpt-4o",
    "llm.provider": "openai",
    "llm.system": "openai",
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "You are terse.",
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.content": "Weather in Oslo?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "weather",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city": "Oslo"}',
    "llm.token_count.prompt": 1000,
    "llm.token_count.completion": 100,
    "llm.token_count.total": 1100,
    "llm.token_count.prompt_details.cache_read": 400,
    "session.id": "s1",
    "user.id": "u1",
}
TRACELOOP = {
    "gen_ai.system": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "You are terse.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "Weather in Oslo?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.finish_reason": "tool_calls",
    "gen_ai.completion.0.tool_calls.0.id": "c1",
    "gen_ai.completion.0.tool_calls.0.name": "weather",
    "gen_ai.completion.0.tool_calls.0.arguments": '{"city": "Oslo"}',
    "gen_ai.usage.prompt_tokens": 1000,
    "gen_ai.usage.completion_tokens": 100,
    "gen_ai.usage.cache_read_input_tokens": 400,
    "llm.usage.total_tokens": 1100,
    "traceloop.association.properties.session_id": "s1",
    "traceloop.association.properties.user_id": "u1",
}
OTEL_GENAI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.conversation.id": "s1",
    "enduser.id": "u1",
    "gen_ai.system_instructions": '[{"type": "text", "content": "You are terse."}]',
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Weather in Oslo?"}]}]',
    "gen_ai.output.messages": (
        '[{"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "weather", '
        '"arguments": {"city": "Oslo"}}], "finish_reason": "tool_calls"}]'
    ),
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 100,
    "gen_ai.usage.cache_read.input_tokens": 400,
}
DIALECTS = {"openinference": OPENINFERENCE, "traceloop": TRACELOOP, "otel_genai": OTEL_GENAI}


def messages(row: dict[str, Any], side: str) -> Any:
    return json.loads(row[f"{side}_messages"])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_call_in_another_dialect_is_the_same_row(dialect: str) -> None:
    row = row_of(DIALECTS[dialect])
    assert row["dialect"] == dialect
    assert row["kind"] == "LLM"
    assert (row["session_id"], row["user_id"]) == ("s1", "u1")
    assert (row["model"], row["provider"]) == ("gpt-4o", "openai")
    assert (row["prompt_tokens"], row["completion_tokens"], row["total_tokens"]) == (1000, 100, 1100)
    assert row["cache_read_tokens"] == 400
    assert row["cost_usd"] == (600 * 2.5 + 400 * 1.25 + 100 * 10) / 1e6
    assert row["input"] == "Weather in Oslo?"
    assert messages(row, "input") == [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "Weather in Oslo?"},
    ]
    [answer] = messages(row, "output")
    [call] = answer["tool_calls"]
    assert (answer["role"], answer["content"]) == ("assistant", None)
    assert (call["id"], call["name"], json.loads(call["arguments"])) == ("c1", "weather", {"city": "Oslo"})
    assert json.loads(row["output"]) == [call]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_attribute_of_a_dialect_is_unknown(dialect: str) -> None:
    assert not normal(raw_span(DIALECTS[dialect])).unknown


@pytest.mark.parametrize(
    "content",
    [
        '[{"type": "text", "text": "It\'s 5 degrees"}, {"type": "text", "text": "and dry"}]',
        "[{'type': 'text', 'text': \"It's 5 degrees\"}, {'type': 'text', 'text': 'and dry'}]",
    ],
    ids=["json", "python"],
)
def test_traceloop_content_may_be_json_or_a_python_repr(content: str) -> None:
    row = row_of({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": content})
    assert messages(row, "input") == [{"role": "user", "content": "It's 5 degrees\nand dry"}]


@pytest.mark.parametrize("content", ['{"answer": 42}', "[1, 2, 3]", "[draft] hello", "{'a': 1}", '[{"a": 1}]', "[", ""])
def test_content_that_only_looks_like_parts_stays_as_it_is(content: str) -> None:
    row = row_of({"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": content})
    assert messages(row, "output") == [{"role": "assistant", "content": content}]


def test_a_python_repr_is_read_and_never_run(tmp_path) -> None:
    trap = f"[{{'type': 'text', 'text': open({str(tmp_path / 'trap')!r}, 'w').write('x')}}]"
    row = row_of({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": trap})
    assert row["input"] == trap
    assert not (tmp_path / "trap").exists()


def test_anthropic_parts_become_tool_calls_and_tool_results() -> None:
    row = row_of(
        {
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": json.dumps(
                [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "5 degrees"}]}]
            ),
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": json.dumps(
                [
                    {"type": "thinking", "thinking": "hm"},
                    {"type": "text", "text": "Let me look."},
                    {"type": "tool_use", "id": "t2", "name": "weather", "input": {"city": "Oslo"}},
                ]
            ),
        }
    )
    assert messages(row, "input") == [{"role": "user", "content": "5 degrees", "tool_call_id": "t1"}]
    assert messages(row, "output") == [
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [{"id": "t2", "name": "weather", "arguments": '{"city":"Oslo"}'}],
        }
    ]


def test_a_text_that_nests_deeper_than_json_is_written_stays_text() -> None:
    deep = '{"a":' * 260 + "1" + "}" * 260
    assert json.loads(row_of({"metadata": deep})["metadata"]) == {"value": deep}
    wide = json.dumps({str(i): [i] for i in range(300)})
    assert len(json.loads(row_of({"metadata": wide})["metadata"])) == 300


def test_messages_and_parts_that_are_no_objects_are_text() -> None:
    row = row_of(
        {"llm.input_messages": ["hi", {"message": {"role": "user", "contents": ["there", {"type": "image"}]}}]}
    )
    assert messages(row, "input") == [{"role": None, "content": "hi"}, {"role": "user", "content": "there\n[image: ]"}]


def test_a_message_s_name_is_kept_and_its_content_stands_in_for_empty_parts() -> None:
    call = {"type": "tool_use", "name": "f", "input": {}}
    row = row_of({"llm.input_messages": [{"role": "tool", "name": "f", "content": "hi", "contents": [call]}]})
    [message] = messages(row, "input")
    assert (message["name"], message["content"], message["tool_calls"][0]["name"]) == ("f", "hi", "f")


def test_bedrock_parts_have_no_type() -> None:
    row = row_of({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "[{'text': 'hello'}]"})
    assert row["input"] == "hello"


def test_otel_tool_responses_answer_their_call_and_reasoning_is_left_out() -> None:
    row = row_of(
        {
            "gen_ai.input.messages.0.role": "tool",
            "gen_ai.input.messages.0.parts.0.type": "tool_call_response",
            "gen_ai.input.messages.0.parts.0.id": "c1",
            "gen_ai.input.messages.0.parts.0.response": "42",
            "gen_ai.output.messages.0.role": "assistant",
            "gen_ai.output.messages.0.parts.0.type": "reasoning",
            "gen_ai.output.messages.0.parts.0.content": "hm",
            "gen_ai.output.messages.0.parts.1.type": "text",
            "gen_ai.output.messages.0.parts.1.content": "It is 42.",
        }
    )
    assert messages(row, "input") == [{"role": "tool", "content": "42", "tool_call_id": "c1"}]
    assert row["output"] == "It is 42."


def test_openinference_contents_keep_their_text_and_mark_other_media() -> None:
    row = row_of(
        {
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "What is this?",
            "llm.input_messages.0.message.contents.1.message_content.type": "image",
            "llm.input_messages.0.message.contents.1.message_content.image.image.url": "http://x/cat.png",
        }
    )
    assert row["input"] == "What is this?\n[image: http://x/cat.png]"


def test_openinference_function_call_of_old_is_a_tool_call() -> None:
    row = row_of(
        {
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.function_call_name": "weather",
            "llm.output_messages.0.message.function_call_arguments_json": "{}",
        }
    )
    assert messages(row, "output")[0]["tool_calls"] == [{"name": "weather", "arguments": "{}"}]


def test_litellm_function_call_and_bare_prompt_beside_numbered_ones() -> None:
    # Phoenix stores `gen_ai.prompt` beside `gen_ai.prompt.0.role` under the key "prompt.0".
    attributes = {
        "gen_ai": {
            "prompt": "as text",
            "prompt.0": {"role": "user", "content": "hi"},
            "completion": [{"role": "assistant", "content": "ho", "function_call": {"name": "f", "arguments": "{}"}}],
        },
        "llm": {"request": {"type": "completion"}, "user": "u1"},
    }
    row = row_of(attributes)
    assert (row["dialect"], row["kind"], row["user_id"]) == ("traceloop", "LLM", "u1")
    assert messages(row, "input") == [{"role": "user", "content": "hi"}]
    assert messages(row, "output")[0]["tool_calls"] == [{"name": "f", "arguments": "{}"}]
    assert not normal(raw_span(attributes)).unknown


def test_a_bare_prompt_is_a_user_message() -> None:
    assert messages(row_of({"gen_ai.prompt": "hi"}), "input") == [{"role": "user", "content": "hi"}]


def test_lists_may_be_stored_as_objects_with_numbered_keys() -> None:
    numbered = {"10": {"message": {"role": "user", "content": "b"}}, "2": {"message": {"content": "a"}}, "x": 1}
    row = row_of({"llm": {"input_messages": numbered}})
    assert [m["content"] for m in messages(row, "input")] == ["a", "b"]


def test_completion_interface_prompts_and_choices_are_messages() -> None:
    row = row_of({"llm.prompts.0.prompt.text": "Once", "llm.choices.0.completion.text": "upon"})
    assert messages(row, "input") == [{"role": "user", "content": "Once"}]
    assert (row["input"], row["output"]) == ("Once", "upon")


@pytest.mark.parametrize(
    "attributes",
    [
        {"llm.tools.0.tool.json_schema": '{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}'},
        {"llm.tools.0.tool.json_schema": '{"name":"f","input_schema":{"type":"object"}}'},
        {
            "llm.request.functions.0.name": "f",
            "llm.request.functions.0.parameters": '{"type":"object"}',
            "traceloop.span.kind": "task",
        },
        {"gen_ai.tool.definitions": '[{"type":"function","name":"f","parameters":{"type":"object"}}]'},
    ],
)
def test_offered_tools_have_one_shape(attributes: dict[str, Any]) -> None:
    assert json.loads(row_of(attributes)["tools"]) == [{"name": "f", "parameters": {"type": "object"}}]


def test_a_tool_span_has_name_arguments_and_result_in_every_dialect() -> None:
    inference = row_of({"tool.name": "f", "tool.parameters": '{"a":1}', "output.value": "42"}, kind="TOOL")
    otel = row_of(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "f",
            "gen_ai.tool.call.arguments": '{"a":1}',
            "gen_ai.tool.call.result": "42",
        }
    )
    loop = row_of(
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "f",
            "traceloop.entity.input": '{"a":1}',
            "traceloop.entity.output": "42",
        }
    )
    assert [row["kind"] for row in (inference, otel, loop)] == ["TOOL"] * 3
    assert [row["tool_name"] for row in (inference, otel, loop)] == ["f"] * 3
    assert [row["output"] for row in (inference, otel, loop)] == ["42"] * 3
    assert inference["tool_arguments"] == otel["tool_arguments"] == otel["input"] == loop["input"] == '{"a":1}'


def test_retrieved_and_reranked_documents_have_one_shape() -> None:
    expected = [{"id": "d1", "content": "text", "score": 0.5, "metadata": {"a": 1}}, {"id": "d2"}]
    for prefix in ("retrieval.documents", "reranker.output_documents"):
        row = row_of(
            {
                f"{prefix}.0.document.id": "d1",
                f"{prefix}.0.document.content": "text",
                f"{prefix}.0.document.score": 0.5,
                f"{prefix}.0.document.metadata": '{"a": 1}',
                f"{prefix}.1.document.id": "d2",
            }
        )
        assert json.loads(row["documents"]) == expected
    otel = row_of({"gen_ai.retrieval.query.text": "q", "gen_ai.retrieval.documents": json.dumps(expected)})
    assert (otel["input"], json.loads(otel["documents"])) == ("q", expected)


def test_template_tags_metadata_and_service_are_read() -> None:
    row = row_of(
        {
            "llm.prompt_template.template": "Hi {name}",
            "llm.prompt_template.version": "v3",
            "llm.prompt_template.variables": '{"name": "Ada"}',
            "tag.tags": ["a", "b"],
            "metadata": '{"plan": "pro"}',
            "service.name": "chat",
        }
    )
    assert (row["prompt_template"], row["prompt_version"], row["service_name"]) == ("Hi {name}", "v3", "chat")
    assert json.loads(row["prompt_variables"]) == {"name": "Ada"}
    assert json.loads(row["tags"]) == ["a", "b"]
    assert json.loads(row["metadata"]) == {"plan": "pro"}


def test_metadata_that_is_no_object_is_kept_as_a_value() -> None:
    assert json.loads(row_of({"metadata": "free text"})["metadata"]) == {"value": "free text"}
    assert json.loads(row_of({"tag.tags": "solo"})["tags"]) == ["solo"]


def test_the_model_that_answered_goes_before_the_one_asked_for() -> None:
    asked = {"gen_ai.request.model": "gpt-4o", "llm.model_name": "gpt-4o"}
    assert row_of({**asked, "gen_ai.response.model": "gpt-4o-2024-11-20"})["model"] == "gpt-4o-2024-11-20"
    assert row_of(asked)["model"] == "gpt-4o"


def test_the_output_phoenix_makes_up_is_not_the_output() -> None:
    # Phoenix 20 writes {"id", "model"} as output.value of OpenTelemetry spans that have none.
    made_up = {
        "gen_ai.response.id": "r1",
        "gen_ai.response.model": "gpt-4o",
        "output.value": '{"id": "r1", "model": "gpt-4o"}',
        "output.mime_type": "application/json",
    }
    said = {"gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "Hi"}]}]'}
    assert row_of({**made_up, **said})["output"] == "Hi"
    assert row_of(made_up)["output"] is None
    assert row_of(made_up)["output_mime_type"] is None
    assert row_of({**made_up, "output.value": '{"id": "r2"}'})["output"] == '{"id": "r2"}'


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({f"llm.input_messages.{i}.message.content": "x" for i in range(128)}, "LLM"),
        ({"gen_ai.completion.0.content": "x"}, "LLM"),
        ({"embedding.model_name": "m", "llm.token_count.prompt": 3}, "EMBEDDING"),
        ({"gen_ai.operation.name": "embeddings"}, "EMBEDDING"),
        ({"llm.request.type": "rerank"}, "RERANKER"),
        ({"retrieval.documents.0.document.id": "d"}, "RETRIEVER"),
        ({"reranker.query": "q"}, "RERANKER"),
        ({"tool.name": "f"}, "TOOL"),
        ({"gen_ai.tool.name": "f"}, "TOOL"),
        ({"gen_ai.agent.name": "a"}, "AGENT"),
        ({"traceloop.span.kind": "workflow"}, "CHAIN"),
        ({"gen_ai.operation.name": "invoke_agent"}, "AGENT"),
        ({"input.value": "x", "metadata.a": 1}, "UNKNOWN"),
        ({}, "UNKNOWN"),
    ],
)
def test_a_span_cut_by_the_attribute_cap_gets_the_kind_its_rest_speaks_for(attributes: Any, kind: str) -> None:
    assert row_of(attributes)["kind"] == kind


def test_a_cut_span_keeps_its_messages_and_has_neither_model_nor_cost() -> None:
    row = row_of({f"llm.input_messages.{i}.message.content": f"m{i}" for i in range(128)})
    assert len(messages(row, "input")) == 128
    assert (row["model"], row["cost_usd"], row["input"]) == (None, None, "m127")


def test_a_kind_that_is_given_is_kept_and_a_strange_one_is_counted() -> None:
    assert row_of(OPENINFERENCE, kind="chain")["kind"] == "CHAIN"
    strange = normal(raw_span(OPENINFERENCE, kind="WIZARD"))
    assert strange.rows["kind"].to_pylist() == ["LLM"]
    assert strange.unknown == {"openinference.span.kind='WIZARD'": 1}
