"""LiteLLM and traceloop: `gen_ai.prompt.N.*`, `gen_ai.completion.N.*`, `llm.request.*`, `traceloop.*`.

A message's content may be JSON or a Python repr of its parts; `messages.py` reads both.
"""

from typing import Any

from tasks.fetch.dialects.openinference import tool_offer
from tasks.fetch.messages import Message, messages
from tasks.shared.values import Object, first, items, obj, parsed, text


def read(attributes: Object) -> Object:
    """The columns these attributes tell, without nulls."""
    gen_ai, llm, loop = (obj(attributes.get(name)) for name in ("gen_ai", "llm", "traceloop"))
    properties = obj(obj(loop.get("association")).get("properties"))
    entity = obj(loop.get("entity"))
    offers = items(obj(llm.get("request")), "functions")
    found = {
        "session_id": first(properties.get("session_id"), properties.get("thread_id")),
        "user_id": text(properties.get("user_id")),
        "input_messages": _messages(gen_ai, "prompt", "user"),
        "output_messages": _messages(gen_ai, "completion", "assistant"),
        "tools": [offer for raw in offers if (offer := tool_offer(raw))] or None,
        "tool_name": text(entity.get("name")) if obj(loop.get("span")).get("kind") == "tool" else None,
        "input": text(entity.get("input")),
        "output": text(entity.get("output")),
        "total_tokens": obj(llm.get("usage")).get("total_tokens"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _messages(gen_ai: Object, name: str, role: str) -> list[Message] | None:
    """Numbered messages; or the bare text that the oldest versions wrote under the same name."""
    numbered = items(gen_ai, name)
    bare: Any = gen_ai.get(name)
    if numbered or type(bare) is not str:
        return messages(numbered)
    listed = parsed(bare)
    return messages(listed if type(listed) is list else [{"role": role, "content": bare}])
