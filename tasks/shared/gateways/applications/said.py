"""What an application said, in the one form that all of them are read into."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.shared.errors import ServiceRefused

WORDS_AT_MOST = 300


@dataclass(frozen=True)
class Said:
    """An answer, and what it took as far as the application tells."""

    output: str
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None


def said(value: Any) -> Said:
    """*value* as an answer: a text, or an object with `output`; an output that is no text becomes JSON.

    Raises:
        ServiceRefused: It is neither, or what it tells of its cost is no number.
    """
    if isinstance(value, str):
        return Said(value)
    if not isinstance(value, Mapping) or "output" not in value:
        raise ServiceRefused(f"it answered {_shown(value)}, neither a text nor an object with output.")
    output = value["output"]
    try:
        return Said(
            output if isinstance(output, str) else orjson.dumps(output).decode(),
            None if value.get("model") is None else str(value["model"]),
            _number(value, "prompt_tokens", int),
            _number(value, "completion_tokens", int),
            _number(value, "cost_usd", float),
        )
    except (TypeError, ValueError) as error:
        raise ServiceRefused(f"it answered {_shown(value)}: {error}.") from error


def said_in(text: str) -> Said:
    """The answer in *text*: the object with `output` that it is as JSON, or else itself, without blanks around it."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    return said(value) if isinstance(value, Mapping) and "output" in value else Said(text.strip())


def in_short(error: BaseException) -> str:
    """An error in one short line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:WORDS_AT_MOST]


def _number(value: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < float("inf"):
        raise ValueError(f"{name} is {found!r}, not a number from 0 on")
    return kind(found)


def _shown(value: Any) -> str:
    return " ".join(repr(value).split())[:WORDS_AT_MOST]
