"""Labelled traces in a file (JSONL), in the place of Phoenix: as spans of a project of the file's own.

A line has `id`, `conversation` (messages, or one text), `last_success_state` and `first_failure_state`; null says of
these that there is none. A message is a step of the run: of the state that it names (`state`, or the `name` of a tool),
else of its role. So the same analysis runs over them as over any trace.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.failures.labels import FIRST, LAST, word
from tasks.failures.taxonomy import NONE
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import UTC, Window
from tasks.shared.step_signs.error_text import says_error
from tasks.shared.store.tables import SPANS

ROOT = "labelled_trace"
# Files tell no times: all traces begin on one day, in the file's order.
DAY = Window.of_day(dt.date(2000, 1, 1))
BETWEEN = dt.timedelta(microseconds=100)
KINDS = {"assistant": "LLM", "tool": "TOOL", "function": "TOOL"}
Object = Mapping[str, Any]


@dataclass(frozen=True)
class LabelledFile:
    """Rows of `spans`, the project they belong to, and the states in the order in which the labels suggest them."""

    project: str
    rows: pa.Table
    states: tuple[str, ...]
    traces: int


def read_labelled(path: Path) -> LabelledFile:
    """The traces in the file at *path*.

    Raises:
        ConfigurationError: It cannot be read, or a line is none; names the line and what is wrong.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"labelled traces {str(path)!r} cannot be read: {error.strerror}.") from error
    rows: list[dict[str, Any]] = []
    pairs: list[tuple[str, str]] = []
    seen = set[str]()
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            where = f"{path.name}, line {number}"
            found = _parsed(line, where)
            if found["id"] in seen:
                raise ConfigurationError(f"{where}: id {found['id']!r} was there before. Give every trace its own.")
            seen.add(found["id"])
            pairs.append((found[LAST], found[FIRST]))
            rows.extend(_rows(found, len(seen) - 1, where))
    if not seen:
        raise ConfigurationError(f"{path.name} has no line. Write one JSON object per trace.")
    project = f"labelled-{hashlib.sha256(content).hexdigest()[:12]}"
    return LabelledFile(project, pa.Table.from_pylist(rows, schema=SPANS.schema), ordered_states(pairs), len(seen))


def ordered_states(pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    """The states of (last success, first failure), each after those that were its last success where that is possible.

    By how often a state comes after others less how often before, as far as the labels tell; equal ones as they occur.
    """
    balance: dict[str, int] = {}
    for before, after in pairs:
        for state, change in ((before, -1), (after, 1)):
            if state != NONE:
                balance[state] = balance.get(state, 0) + (change if before != after else 0)
    follows = {pair for pair in pairs if pair[0] != pair[1] and NONE not in pair}
    order: list[str] = []
    left = sorted(balance, key=lambda state: balance[state])
    while left:
        free = [state for state in left if not any(after == state and before in left for before, after in follows)]
        order.append((free or left)[0])
        left.remove(order[-1])
    return tuple(order)


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{where} is no JSON: {error}.") from error
    needed = ("conversation", LAST, FIRST)
    if not isinstance(found, dict) or not str(found.get("id") or "").strip() or not found.keys() >= set(needed):
        raise ConfigurationError(f"{where} needs id, conversation, {LAST} and {FIRST}; a state that is none is null.")
    return {**found, "id": str(found["id"]), **{name: _state(found[name], name, where) for name in (FIRST, LAST)}}


def _state(value: Any, name: str, where: str) -> str:
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{where}: {name} is {value!r}. Give the name of a state, or null for none.")
    return word(value) or NONE


def _rows(found: Object, place: int, where: str) -> Iterator[dict[str, Any]]:
    """The spans of one trace: the root, and one for each message."""
    trace_id = hashlib.sha256(f"labelled/{found['id']}".encode()).hexdigest()[:32]
    messages = _messages(found["conversation"], where)
    start = DAY.start + place * dt.timedelta(milliseconds=100)
    asked = next((text for role, _, text in messages if role == "user"), None)
    answered = next((text for role, _, text in reversed(messages) if role == "assistant"), None)
    metadata = {"id": found["id"], FIRST: found[FIRST], LAST: found[LAST]}
    common = {"trace_id": trace_id, "status_code": "UNSET", "latency_ms": 0.0, "dialect": "none", "attributes": "{}"}
    ids = [_span_id(trace_id, number) for number in range(len(messages) + 1)]
    root = {"name": ROOT, "kind": "AGENT", "input": asked, "output": answered, "start_time": start, "end_time": start}
    yield _with_digest({**common, **root, "span_id": ids[0], "metadata": orjson.dumps(metadata).decode()})
    for number, (role, state, text) in enumerate(messages, start=1):
        at = start + number * BETWEEN
        step = {
            "name": state or role,
            "kind": KINDS.get(role, "CHAIN"),
            "output": text,
            "start_time": at,
            "end_time": at,
        }
        yield _with_digest({**common, **step, "span_id": ids[number], "parent_id": ids[0]})


def _messages(conversation: Any, where: str) -> list[tuple[str, str, str]]:
    """Role, state (empty where none is named) and text of each message."""
    if isinstance(conversation, str):
        return [("assistant", "", conversation)]
    if not isinstance(conversation, list) or not all(isinstance(each, dict) for each in conversation):
        raise ConfigurationError(f"{where}: conversation is neither a text nor a list of messages.")
    found = []
    for each in conversation:
        content = each.get("content")
        text = content if isinstance(content, str) else orjson.dumps(content).decode() if content else ""
        calls = each.get("tool_calls")
        said = text or (orjson.dumps(calls).decode() if calls else "")
        found.append((str(each.get("role") or "message"), str(each.get("state") or each.get("name") or ""), said))
    return found


def _with_digest(row: dict[str, Any]) -> dict[str, Any]:
    if says_error(row["output"]):
        row["status_message"] = row["output"][:200]
    stable = orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS)
    return row | {"digest": hashlib.sha256(stable).hexdigest()[:16]}


def _span_id(trace_id: str, number: int) -> str:
    return hashlib.sha256(f"{trace_id}/{number}".encode()).hexdigest()[:16]


def labelled_window() -> Window:
    """The window in which the traces of every file lie."""
    assert DAY.start.tzinfo == UTC
    return DAY
