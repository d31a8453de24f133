"""Reading the messages that an LLM span carries: the column `output_messages` of the spans table."""

from typing import Any

import orjson


def answer_text(output: str | None, output_messages: str | None) -> str:
    """What the model said: its last message with text, else the span's output; empty when it only called tools."""
    messages = parsed(output_messages)
    for message in reversed(messages):
        if (message["content"] or "").strip():
            return str(message["content"])
    only_tools = any("tool_calls" in message for message in messages)
    return "" if only_tools else output or ""


def tool_calls(output_messages: str | None) -> list[dict[str, Any]]:
    """Every tool call of the messages: {"id"?, "name", "arguments"}, arguments as given."""
    return [call for message in parsed(output_messages) for call in message.get("tool_calls", ())]


def parsed(output_messages: str | None) -> list[dict[str, Any]]:
    """The messages; empty for null. What the store writes is JSON, so other text is an error."""
    return orjson.loads(output_messages) if output_messages else []
