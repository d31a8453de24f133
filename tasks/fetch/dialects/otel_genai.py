"""OpenTelemetry's GenAI conventions: `gen_ai.input.messages` with `parts`, `gen_ai.usage.*`, `gen_ai.tool.*`."""

from typing import Any

from tasks.fetch.dialects.openinference import document, tool_offer
from tasks.fetch.messages import Message, messages
from tasks.shared.values import Object, first, items, obj, parsed, text


def read(attributes: Object) -> Object:
    """The columns these attributes tell, without nulls."""
    gen_ai = obj(attributes.get("gen_ai"))
    tool = obj(gen_ai.get("tool"))
    call, retrieval = obj(tool.get("call")), obj(gen_ai.get("retrieval"))
    found = {
        "session_id": text(obj(gen_ai.get("conversation")).get("id")),
        "user_id": text(obj(attributes.get("enduser")).get("id")),
        "provider": first(obj(gen_ai.get("provider")).get("name"), gen_ai.get("system")),
        "model": first(obj(gen_ai.get("response")).get("model"), obj(gen_ai.get("request")).get("model")),
        "input_messages": _input_messages(gen_ai),
        "output_messages": messages(_listed(gen_ai.get("output"), "messages")),
        "tools": [offer for raw in _listed(tool, "definitions") if (offer := tool_offer(raw))] or None,
        "tool_name": text(tool.get("name")),
        "tool_arguments": text(call.get("arguments")),
        "input": first(call.get("arguments"), obj(retrieval.get("query")).get("text")),
        "output": text(call.get("result")),
        "documents": [document(raw) for raw in _listed(retrieval, "documents")] or None,
        **tokens(obj(gen_ai.get("usage"))),
    }
    return {name: value for name, value in found.items() if value is not None}


def tokens(usage: Object) -> Object:
    """Counts of `gen_ai.usage.*`, under today's names or the older ones that traceloop and LiteLLM write."""
    get = usage.get
    read, write = obj(get("cache_read")), obj(get("cache_creation"))
    return {
        "prompt_tokens": get("input_tokens", get("prompt_tokens")),
        "completion_tokens": get("output_tokens", get("completion_tokens")),
        "total_tokens": get("total_tokens"),
        "cache_read_tokens": read.get("input_tokens", get("cache_read_input_tokens")),
        "cache_write_tokens": write.get("input_tokens", get("cache_creation_input_tokens")),
        "reasoning_tokens": obj(get("reasoning")).get("output_tokens", get("reasoning_tokens")),
    }


def _input_messages(gen_ai: Object) -> list[Message] | None:
    instructions = _listed(gen_ai, "system_instructions")
    system = [{"role": "system", "parts": instructions}] if instructions else []
    return messages([*system, *_listed(gen_ai.get("input"), "messages")])


def _listed(node: Any, name: str) -> list[Any]:
    """A list that came as JSON text, or already as a list."""
    value = obj(node).get(name)
    return items({name: parsed(value)}, name) if value is not None else items(node, name)
