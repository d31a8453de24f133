"""Reading the messages that an LLM span carries: `input_messages`, `output_messages` and `tools` of the spans table."""

from typing import Any

import orjson


def answer_text(output: str | None, output_messages: str | None) -> str:
    """What the model said: its last message with text, else the span's output; empty when it only called tools."""
    messages = json_list(output_messages)
    for message in reversed(messages):
        text = content_text(message.get("content"))
        if text.strip():
            return text
    only_tools = any(message.get("tool_calls") for message in messages)
    return "" if only_tools else output or ""


def content_text(content: Any) -> str:
    """The text of a message's content: text, or the text parts of a list."""
    if isinstance(content, list):
        parts = (part.get("text") or part.get("content") if isinstance(part, dict) else part for part in content)
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def tool_calls(output_messages: str | None) -> list[dict[str, Any]]:
    """Every tool call of the messages as {"name", "arguments"}; arguments as given, text or object."""
    calls = [call for message in json_list(output_messages) for call in message.get("tool_calls") or []]
    functions = [call.get("function") or call for call in calls if isinstance(call, dict)]
    return [{"name": f.get("name"), "arguments": f.get("arguments")} for f in functions]


def json_list(text: str | None) -> list[dict[str, Any]]:
    """The objects of a JSON list; empty for null. The store writes these columns, so other text is an error."""
    items = orjson.loads(text) if text else []
    return [item for item in items if isinstance(item, dict)]
