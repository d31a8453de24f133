"""Chat messages of every dialect in one shape: {"role", "content", "tool_calls"?, "tool_call_id"?, "name"?}.

`content` is text or null. Text parts are joined by newlines; other media leave a mark like `[image: https://...]`
(the part itself is in `attributes`); a model's reasoning is not part of what it said.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tasks.shared.values import Object, canonical, first, items, obj, parsed, text

Message = dict[str, Any]

TOOL_CALL_PARTS = frozenset({"tool_call", "tool_use", "function", "function_call"})
REASONING_PARTS = frozenset({"reasoning", "thinking", "redacted_thinking"})
TEXT_KEYS = ("text", "content", "response", "result", "output")
MEDIA_KEYS = ("url", "uri", "file_id", "data", "image_url", "image", "audio", "video", "document", "source")


def messages(raw: Iterable[Any]) -> list[Message] | None:
    """Every message in *raw*, None when there is none."""
    return [message(item) for item in raw] or None


def message(raw: Any) -> Message:
    """One message: OpenInference's (with or without its `message` wrapper), traceloop's, OpenTelemetry's, OpenAI's."""
    if type(raw) is not dict:
        return {"role": None, "content": text(raw)}
    raw = obj(raw.get("message")) or raw
    content = raw.get("content")
    if len(raw) == 2 and type(content) is str and "role" in raw and content[:1] != "[":
        return {"role": text(raw["role"]), "content": content}
    content, calls, call_id = _content(raw)
    made: Message = {"role": text(raw.get("role")), "content": content}
    if calls := calls + [tool_call(call) for call in _given_calls(raw)]:
        made["tool_calls"] = calls
    if (answers := first(raw.get("tool_call_id"), call_id)) is not None:
        made["tool_call_id"] = answers
    if (name := text(raw.get("name"))) is not None:
        made["name"] = name
    return made


def tool_call(raw: Any) -> Object:
    """{"id"?, "name", "arguments"} with the arguments as text, as given where they were text."""
    call = obj(obj(raw).get("tool_call")) or obj(obj(raw).get("toolUse")) or obj(raw)
    function = obj(call.get("function")) or call
    made = {
        "name": text(function.get("name")),
        "arguments": first(function.get("arguments"), function.get("input"), function.get("args")),
    }
    call_id = first(call.get("id"), call.get("toolUseId"))
    return made if call_id is None else {"id": call_id, **made}


def asked(given: Sequence[Message] | None) -> str | None:
    """What the model was asked: the last user message, or else the last message that says something."""
    said = [m for m in given or () if m["content"]]
    users = [m for m in said if m["role"] == "user"]
    last = (users or said)[-1:]
    return last[0]["content"] if last else None


def answered(given: Sequence[Message] | None) -> str | None:
    """What the model answered: the last message's content, or its tool calls as JSON."""
    for item in reversed(given or ()):
        if item["content"]:
            return str(item["content"])
        if "tool_calls" in item:
            return canonical(item["tool_calls"])
    return None


def _given_calls(raw: Object) -> list[Any]:
    """Tool calls that stand beside the content, in today's form or OpenAI's older single function call."""
    calls = items({**raw, "tool_calls": parsed(raw.get("tool_calls"))}, "tool_calls")
    if not calls and "function_call_name" in raw:
        return [{"name": raw["function_call_name"], "arguments": raw.get("function_call_arguments_json")}]
    return calls or [call for call in (raw.get("function_call"),) if type(call) is dict]


def _content(raw: Object) -> tuple[str | None, list[Object], str | None]:
    """Text, tool calls and answered call of the message's parts, or its content where it has none."""
    content = raw.get("content")
    parts = items(raw, "contents") or items({"parts": parsed(raw.get("parts"))}, "parts")
    if not parts:
        parts, given = parsed(content), content
        if not _are_parts(parts):
            return given if type(given) is str else text(given), [], None
        content = None
    lines, calls, call_id = _read_parts(parts)
    if not lines and type(content) is str:
        lines = [content]
    return "\n".join(lines) if lines else None, calls, call_id


def _are_parts(value: Any) -> bool:
    """Whether a list is content in parts, and not JSON that somebody sent as the message itself."""
    return (
        type(value) is list
        and bool(value)
        and all(type(part) is dict and (type(part.get("type")) is str or _is_bedrock(part)) for part in value)
    )


def _is_bedrock(part: Object) -> bool:
    return len(part) == 1 and not part.keys().isdisjoint({"text", "toolUse", "toolResult", "image", "document"})


def _read_parts(parts: Iterable[Any]) -> tuple[list[str], list[Object], str | None]:
    lines: list[str] = []
    calls: list[Object] = []
    call_id: str | None = None
    for item in parts:
        part = obj(obj(item).get("message_content")) or obj(obj(item).get("toolResult")) or obj(item)
        kind = part.get("type")
        if kind in TOOL_CALL_PARTS or "toolUse" in part:
            calls.append(tool_call(part))
        elif kind not in REASONING_PARTS:
            lines.extend(_lines(part if part else item))
            response_id = part.get("id") if kind == "tool_call_response" else None
            call_id = call_id or first(part.get("tool_use_id"), part.get("toolUseId"), response_id)
    return lines, calls, call_id


def _lines(part: Any) -> list[str]:
    """The text of a part, or a mark in its place."""
    if type(part) is not dict:
        return [said] if (said := text(part)) is not None else []
    for key in TEXT_KEYS:
        value = part.get(key)
        if type(value) is list:
            return _read_parts(value)[0]
        if value is not None:
            return [text(value) or ""]
    where = next((part[key] for key in MEDIA_KEYS if key in part), None)
    while type(where) is dict:
        where = next(iter(where.values()), None)
    return [f"[{text(part.get('type')) or 'part'}: {(text(where) or '')[:200]}]"]
