"""Messages in OpenAI's form, from messages whose content is text or blocks of any dialect."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.shared.values import Object, first, items, obj, parsed, text
from tasks.sync.conversation.pieces import Piece, pieces, said_of, tool_call

Message = dict[str, Any]
REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>\s*", re.DOTALL)


@dataclass(frozen=True)
class Conversation:
    """Messages in OpenAI's form, and how often what was left out or replaced (`unknown_block`, `media`, ...)."""

    messages: tuple[Message, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def richness(self) -> tuple[int, int, int]:
        """How much it holds: messages, tool calls and results, characters."""
        calls = sum(len(m.get("tool_calls", ())) + (m["role"] == "tool") for m in self.messages)
        return len(self.messages), calls, sum(len(m.get("content") or "") for m in self.messages)


def conversation(raw: Iterable[Object]) -> Conversation:
    """The conversation of *raw* messages: `role`, `content`, and `tool_calls`, `tool_call_id`, `name` where there.

    Turns that say nothing and call nothing are left out.
    """
    counts: Counter[str] = Counter()
    messages = [message for each in raw for message in messages_of(each, counts)]
    return Conversation(tuple(messages), dict(sorted(counts.items())))


def messages_of(raw: Object, counts: Counter[str]) -> list[Message]:
    """One message as one or more: each tool result is a message of its own, and text beside it is the user's."""
    role = (text(raw.get("role")) or "user").lower()
    parts = pieces(raw.get("parts") if raw.get("parts") is not None else raw.get("content"))
    parts += [Piece("call", data=tool_call(call)) for call in given_calls(raw)]
    said = without_reminders(said_of(p for p in parts if p.kind in {"text", "media"}), counts)
    counts.update(_left_out(parts))
    call_id = text(raw.get("tool_call_id"))
    if role in {"tool", "function"} and not any(part.kind == "result" for part in parts):
        answer: Message = {"role": "tool", "tool_call_id": call_id or "", "content": said}
        return [_with(answer, parts, raw)] if said or call_id else []
    results = [_result(part, call_id) for part in parts if part.kind == "result"]
    calls = [part.data for part in parts if part.kind == "call"]
    thinking = said_of(part for part in parts if part.kind == "thinking")
    unknown = any(part.kind == "unknown" for part in parts)
    if not (said or calls or thinking or unknown):
        return results
    message: Message = {"role": "user" if role in {"tool", "function", "human"} else role, "content": said or None}
    if calls:
        message["tool_calls"] = calls
    if thinking:
        message["thinking"] = thinking
    return [*results, _with(message, parts, raw)]


def given_calls(raw: Object) -> Sequence[Any]:
    """Tool calls that stand beside the content, in today's form or OpenAI's older single function call."""
    calls = items({**raw, "tool_calls": parsed(raw.get("tool_calls"))}, "tool_calls")
    if not calls and raw.get("function_call_name"):
        return [{"name": raw["function_call_name"], "arguments": raw.get("function_call_arguments_json")}]
    return calls or [call for call in (obj(raw.get("function_call")),) if call.get("name")]


def without_reminders(said: str, counts: Counter[str]) -> str:
    """*said* without the sections that a client slips in for the model."""
    kept, removed = REMINDER.subn("", said)
    if removed:
        counts["system_reminder"] += removed
    return kept.strip() if removed else kept


def _result(part: Piece, call_id: str | None) -> Message:
    message: Message = {"role": "tool", "tool_call_id": first(part.answers, call_id) or "", "content": part.text}
    return message | ({"metadata": {"is_error": True}} if part.failed else {})


def _with(message: Message, parts: Sequence[Piece], raw: Object) -> Message:
    """*message* with the sender's name, and with blocks that nobody understands kept as they came."""
    if (name := text(raw.get("name"))) is not None:
        message["name"] = name
    if unknown := [part.data for part in parts if part.kind == "unknown"]:
        message["metadata"] = {"unknown_blocks": unknown}
    return message


def _left_out(parts: Iterable[Piece]) -> Counter[str]:
    names = {"unknown": "unknown_block", "media": "media"}
    return Counter(names[part.kind] for part in parts if part.kind in names)
