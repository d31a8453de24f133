"""HTTP clients that note what each request met: the SDKs hand out neither usage nor the status of a failure alike.

A caller opens a list with `noting()`; every exchange of the requests sent inside, by whatever SDK, is added to it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from tasks.shared.gateways.llm.hints import is_throttled, seconds_until
from tasks.shared.gateways.llm.usage import Usage, usage_of

OK, TOO_MANY = 200, 429
_noted: ContextVar[list["Exchange"] | None] = ContextVar("exchanges", default=None)


@dataclass(frozen=True)
class Exchange:
    """A request that was answered: the status, when to come back if it says so, and the tokens of a good answer.

    A request that was turned away for being one too many has the status 429, whatever its provider calls that.
    """

    status: int
    retry_after_seconds: float | None = None
    usage: Usage | None = None


@contextmanager
def noting() -> Iterator[list[Exchange]]:
    """Collect the exchanges of the requests sent in the block, by this task and those it starts."""
    exchanges: list[Exchange] = []
    token = _noted.set(exchanges)
    try:
        yield exchanges
    finally:
        _noted.reset(token)


def note(status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Add an exchange to the open list, if there is one; *headers* have small letters."""
    exchanges = _noted.get()
    if exchanges is None:
        return
    if status == OK:
        exchanges.append(Exchange(status, usage=_usage(content)))
    else:
        told = TOO_MANY if is_throttled(headers) else status
        exchanges.append(Exchange(told, seconds_until(headers, content, dt.datetime.now(dt.UTC))))


@cache
def noting_client_class() -> type[Any]:
    """The HTTP client for the OpenAI and Anthropic SDKs: aiohttp below (four times httpx's calls a second)."""
    from openai import DefaultAioHttpClient

    return _noting(DefaultAioHttpClient)


@cache
def noting_httpx_class() -> type[Any]:
    """The HTTP client for Google's SDK, which takes one of httpx."""
    import httpx

    return _noting(httpx.AsyncClient)


def _noting(client_class: Any) -> type[Any]:
    class NotingClient(client_class):  # type: ignore[misc]
        """Notes every exchange."""

        async def send(self, request: Any, **options: Any) -> Any:
            """Send, read the whole answer, note it."""
            answer = await super().send(request, **options)
            await answer.aread()
            note(answer.status_code, answer.headers, answer.content)
            return answer

    return NotingClient


def _usage(content: bytes) -> Usage | None:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return usage_of(body) if isinstance(body, dict) else None
