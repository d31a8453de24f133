"""Conversations that only repeat another one of their trace: an agent sends all it said with each call. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tasks.shared.values import obj, parsed

Steps = list[bytes]
REPEATED, BEGINNING = "same_conversation", "beginning_of_another"


def repeats(found: Mapping[str, Steps], stored: Iterable[Steps] = ()) -> dict[str, str]:
    """By span id, why some conversations *found* add nothing to the others of their trace and to those *stored*.

    Of equal ones the first stays; one that another goes on from is its beginning.
    """
    before = list(stored)
    begun = {step for each in (*before, *found.values()) for step in each[:-1]}
    whole = {each[-1] for each in before}
    again: dict[str, str] = {}
    for span_id, each in found.items():
        if each[-1] in whole:
            again[span_id] = REPEATED
        elif each[-1] in begun:
            again[span_id] = BEGINNING
        whole.add(each[-1])
    return again


def steps(messages: Iterable[Mapping[str, Any]]) -> Steps:
    """After each message a digest of all that was said until then: the same for conversations that begin alike."""
    digest, found = hashlib.sha256(), []
    for message in messages:
        digest.update(_said(message))
        found.append(digest.digest())
    return found


def _said(message: Mapping[str, Any]) -> bytes:
    """The message whichever way it is written: no text is empty text, and arguments are what their JSON says."""
    calls = [(call.get("id"), obj(call.get("function"))) for call in message.get("tool_calls", ())]
    plain = [(call_id, each.get("name"), _read(each.get("arguments"))) for call_id, each in calls]
    told = {**message, "content": message.get("content") or "", "tool_calls": plain}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str)


def _read(arguments: Any) -> Any:
    found = parsed(arguments)
    return arguments if found is None else found
