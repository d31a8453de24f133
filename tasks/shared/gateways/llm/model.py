"""One model at one provider: a single attempt, and what became of it in terms of what to do next."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tasks.shared.gateways.llm.exchanges import Exchange, noting
from tasks.shared.gateways.llm.prompts import Messages
from tasks.shared.gateways.llm.replies import Reply
from tasks.shared.gateways.llm.traces import JudgeTraces
from tasks.shared.gateways.llm.usage import Usage

OK = 200
TOO_MANY = frozenset({429, 529})
WORTH_ANOTHER_TRY = frozenset({408, 409, 425})
SERVER_ERRORS = 500
WORDS_AT_MOST = 300


@dataclass(frozen=True)
class Model:
    """A model that answers in objects and in text.

    `adapter` is phoenix-evals' for its SDK; `options` go there with every call.
    """

    name: str
    adapter: Any
    timeout_seconds: float
    options: Mapping[str, Any]
    traces: JudgeTraces | None = None

    @property
    def model(self) -> str:
        """The model as its provider calls it."""
        return self.name.partition("/")[2]

    async def ask(self, messages: Messages, schema: Mapping[str, Any], purpose: str = "judgment") -> Reply:
        """Send *messages* once and read an object of *schema*. Never raises on what a provider may do."""
        generate = self.adapter.async_generate_object
        return await self._traced(messages, purpose, Mapping, lambda: generate(messages, dict(schema), **self.options))

    async def write(self, messages: Messages, purpose: str = "writing") -> Reply:
        """Send *messages* once and read a text. Never raises on what a provider may do."""
        generate = self.adapter.async_generate_text
        # Google's adapter writes the system message into the options it is given.
        return await self._traced(messages, purpose, str, lambda: generate(messages, **deepcopy(dict(self.options))))

    async def _traced(
        self, messages: Messages, purpose: str, wanted: type[Any], generate: Callable[[], Awaitable[Any]]
    ) -> Reply:
        started = time.time_ns()
        reply = await self._attempt(wanted, generate)
        if self.traces is not None:
            self.traces.record(purpose, self.name, messages, reply, (started, time.time_ns()))
        return reply

    async def _attempt(self, wanted: type[Any], generate: Callable[[], Awaitable[Any]]) -> Reply:
        with noting() as exchanges:
            try:
                async with asyncio.timeout(self.timeout_seconds):
                    answer = await generate()
            except TimeoutError:
                return Reply("lost", usage=_used(exchanges), trouble=f"no answer within {self.timeout_seconds:g} s")
            except Exception as error:  # noqa: BLE001 - every SDK raises its own; the exchanges tell what happened
                return _after(error, exchanges)
        usage = _used(exchanges)
        if not isinstance(answer, wanted):
            said = f"answered {type(answer).__name__}, not {'a text' if wanted is str else 'an object'}"
            return Reply("unparseable", usage=usage, trouble=said)
        return Reply("answered", text=answer, usage=usage) if wanted is str else Reply("answered", answer, usage=usage)


def _used(exchanges: list[Exchange]) -> Usage | None:
    told = [exchange.usage for exchange in exchanges if exchange.usage is not None]
    return sum(told, start=Usage()) if told else None


def _after(error: Exception, exchanges: list[Exchange]) -> Reply:
    words = " ".join(f"{type(error).__name__}: {error}".split())[:WORDS_AT_MOST]
    usage = _used(exchanges)
    if not exchanges:
        return Reply("failed" if never_sent(error) else "lost", trouble=words)
    last = exchanges[-1]
    if last.status == OK:
        return Reply("unparseable", usage=usage, trouble=words)
    if last.status in TOO_MANY:
        return Reply("busy", usage=usage, retry_after_seconds=last.retry_after_seconds, trouble=words)
    if last.status >= SERVER_ERRORS or last.status in WORTH_ANOTHER_TRY:
        return Reply("failed", usage=usage, retry_after_seconds=last.retry_after_seconds, trouble=words)
    return Reply("refused", usage=usage, trouble=words)


def never_sent(error: BaseException | None) -> bool:
    """Whether no connection came about; the SDKs wrap the reason, some of them twice."""
    while error is not None:
        if type(error).__name__ in {"ConnectError", "ConnectTimeout", "ClientConnectorError", "ConnectionRefusedError"}:
            return True
        error = error.__cause__ or error.__context__
    return False
