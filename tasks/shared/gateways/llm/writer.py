"""Ask a model for a text or an object outside of judging: nothing past a budget, and what was paid is kept."""

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import orjson

from tasks.shared.gateways.llm.call_price import CallPrice, call_price
from tasks.shared.gateways.llm.models import Models, provider_settings, split
from tasks.shared.gateways.llm.paid import paid_try
from tasks.shared.gateways.llm.prompts import Messages
from tasks.shared.gateways.llm.replies import Reply
from tasks.shared.gateways.llm.usage import Usage
from tasks.shared.prices import PriceTable
from tasks.shared.retries import seconds_to_wait
from tasks.shared.settings import BudgetSettings
from tasks.shared.store.ledger import Call, Ledger, today, usd, walls

NO_USAGE = Usage()
# An answer that cannot be read costs like any other: it is asked for once more, and no more.
UNREADABLE_AT_MOST = 2
# Which argument of the client takes parameters of texts, where it takes none by name.
TOGETHER = {"google": "config"}


@dataclass(frozen=True)
class Errand:
    """In whose name is asked, for the books: the run, its project, and what for (`experiment`).

    The purpose stands where a judge's name stands: `budget.per_judge_usd` can limit it.
    """

    run: str
    project: str
    purpose: str


@dataclass(frozen=True)
class Written:
    """What a question came to.

    `text` is the answer; `answer` is the object where a schema was given. `cost_usd` and `usage` are of all tries
    together, `latency_ms` and `started_at` of the one that answered. With `reused` all of it was paid for earlier, and
    nothing now. `trouble` says why there is no answer: `unreadable` that there was one, twice, which nobody can read,
    `refused` that the provider will not answer this.
    """

    status: Literal["answered", "errored", "budget_stopped"]
    model: str
    started_at: dt.datetime
    text: str = ""
    answer: Mapping[str, Any] | None = None
    usage: Usage = NO_USAGE
    cost_usd: float = 0.0
    latency_ms: float = 0.0
    trouble: str = ""
    reused: bool = False
    unreadable: bool = False
    refused: bool = False


@dataclass(frozen=True)
class Request:
    """All that decides what is asked of the model called `name`; the arguments of `Writer.write`."""

    name: str
    messages: Messages
    schema: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    max_output_tokens: int = 1024
    key: str = ""

    @property
    def digest(self) -> str:
        """32 hex digits over all that decides what is asked."""
        asked = [self.messages, self.schema, self.parameters, self.max_output_tokens, self.key]
        return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


class Writer:
    """Asks models in the name of one errand. Reserves before each call and settles after it, as judges do."""

    def __init__(
        self, models: Models, ledger: Ledger, prices: PriceTable, budget: BudgetSettings, errand: Errand
    ) -> None:
        self.models, self.ledger, self.prices, self.budget, self.errand = models, ledger, prices, budget, errand

    def price(self, name: str) -> CallPrice:
        """What calls of the model called *name* cost. Raises ConfigurationError for one without a price."""
        return call_price(name, self.prices, dt.datetime.now(dt.UTC))

    async def write(
        self,
        name: str,
        messages: Messages,
        *,
        schema: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        max_output_tokens: int = 1024,
        key: str = "",
    ) -> Written:
        """Ask the model called *name* (`provider/model`) for a text, or for an object of *schema*.

        Args:
            name: The model.
            messages: `{"role", "content"}` each.
            schema: JSON schema of the object that is wanted.
            parameters: Further parameters for the provider, as `{"temperature": 0}`.
            max_output_tokens: The longest answer.
            key: Equal questions with equal keys are paid once, in all runs of this purpose together; another key asks
                anew.

        Raises:
            ConfigurationError: The model has no price, or its provider is not configured.
        """
        return await self.answer(Request(name, messages, schema, dict(parameters or {}), max_output_tokens, key))

    async def answer(self, request: Request) -> Written:
        """The same for a request that was put together before."""
        return await _Asking(self, request).written()


class _Asking:
    """The tries at one question, with what they cost together."""

    def __init__(self, writer: Writer, question: Request) -> None:
        self.writer, self.question, self.digest = writer, question, question.digest
        self.price = writer.price(question.name)
        self.most = self.price.most(question.messages, question.schema, question.max_output_tokens)
        kind = provider_settings(writer.models.settings, split(question.name)[0]).kind
        together = TOGETHER.get(kind) if question.parameters else None
        options = {together: question.parameters} if together else question.parameters
        self.model = writer.models.model(question.name, question.max_output_tokens, options)
        self.cost, self.usage, self.unreadable, self.refused = 0, NO_USAGE, 0, False
        self.started_at, self.latency_ms = dt.datetime.now(dt.UTC), 0.0
        self.trouble, self.wait = "", None  # type: str, float | None

    async def written(self) -> Written:
        """What the question comes to."""
        question, settings = self.question, self.writer.models.settings
        kept = self.writer.ledger.answers(self.writer.errand.purpose, question.name, [self.digest])
        if self.digest in kept:
            return _from_books(kept[self.digest], question.name)
        for number in range(settings.attempts):
            if number:
                await asyncio.sleep(seconds_to_wait(number, settings.backoff_seconds, self.wait))
            if (written := await self._once()) is not None:
                return written
        return self._without_answer("errored", f"no answer after {settings.attempts} tries, the last one: ")

    async def _once(self) -> Written | None:
        """One try; None where another one may help."""
        pace = self.writer.models.pace(self.question.name)
        tried = await paid_try(pace, self.writer.ledger, self._reserved, self._asked)
        if isinstance(tried, Written):
            return tried
        number, reply = tried
        self.wait, self.trouble = reply.retry_after_seconds, reply.trouble
        return None if reply.kind == "lost" else self._closed(number, reply)

    def _reserved(self) -> int | Written:
        errand, day = self.writer.errand, today()
        limits = walls(self.writer.budget, errand.run, day, errand.project, errand.purpose)
        call = Call(errand.run, day, errand.project, errand.purpose, self.question.name, self.digest, "writing")
        reserved = self.writer.ledger.reserve(call, self.most, limits)
        if isinstance(reserved, int):
            return reserved
        self.trouble = reserved.no_room
        return self._without_answer("budget_stopped")

    async def _asked(self) -> Reply:
        question, purpose = self.question, self.writer.errand.purpose
        self.started_at, began = dt.datetime.now(dt.UTC), time.perf_counter()
        if question.schema is None:
            reply = await self.model.write(question.messages, purpose)
        else:
            reply = await self.model.ask(question.messages, question.schema, purpose)
        self.latency_ms = (time.perf_counter() - began) * 1000
        return reply

    def _closed(self, number: int, reply: Reply) -> Written | None:
        """Put the try into the books, and say what it came to."""
        cost = 0 if reply.usage is None else self.price.cost(reply.usage)
        self.cost, self.usage = self.cost + cost, self.usage + (reply.usage or NO_USAGE)
        answered = self._answered(reply) if reply.kind == "answered" else None
        if reply.usage is not None:
            self.writer.ledger.settle(number, cost, None if answered is None else for_books(answered))
        if answered is not None:
            return answered
        if reply.kind == "refused":
            self.refused = True
            return self._without_answer("errored", "refused: ")
        if reply.kind == "unparseable":
            self.unreadable, self.wait = self.unreadable + 1, 0.0
            if self.unreadable >= UNREADABLE_AT_MOST:
                return self._without_answer("errored", "asked twice, the second time: ")
        return None

    def _answered(self, reply: Reply) -> Written:
        text = orjson.dumps(dict(reply.answer)).decode() if reply.answer is not None else reply.text or ""
        return self._written("answered", text, reply.answer)

    def _without_answer(self, status: Literal["errored", "budget_stopped"], before: str = "") -> Written:
        return self._written(status, trouble=before + self.trouble)

    def _written(
        self,
        status: Literal["answered", "errored", "budget_stopped"],
        text: str = "",
        answer: Mapping[str, Any] | None = None,
        trouble: str = "",
    ) -> Written:
        return Written(
            status=status,
            model=self.question.name,
            started_at=self.started_at,
            text=text,
            answer=answer,
            usage=self.usage,
            cost_usd=float(usd(self.cost)),
            latency_ms=self.latency_ms,
            trouble=trouble,
            unreadable=self.unreadable >= UNREADABLE_AT_MOST,
            refused=self.refused,
        )


def for_books(written: Written) -> str:
    """An answer as the ledger keeps it: all of it, so that a run that was killed finds what it measured."""
    kept = ("text", "answer", "usage", "cost_usd", "latency_ms", "started_at")
    return orjson.dumps({name: value for name, value in asdict(written).items() if name in kept}).decode()


def _from_books(kept: str, model: str) -> Written:
    found = orjson.loads(kept)
    usage, started_at = Usage(**found.pop("usage")), dt.datetime.fromisoformat(found.pop("started_at"))
    return Written(status="answered", model=model, started_at=started_at, usage=usage, reused=True, **found)
