"""Ask variants about examples: as many at once as is allowed, in time, and every answer kept the moment it is there."""

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

import orjson

from tasks.experiments.examples import Question
from tasks.experiments.trial import Experiment
from tasks.shared.errors import ConfigurationError, NightjarError, ServiceBusy, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.applications import Application, Said
from tasks.shared.gateways.llm import Pace, Writer
from tasks.shared.retries import seconds_to_wait
from tasks.shared.settings import BudgetSettings, ExperimentSettings
from tasks.shared.store.ledger import Call, Ledger, picodollars, today, walls

PURPOSE = "experiment"
# So many answers in a row that did not come: the target is gone, and the others would only wait for nothing.
FAILURES_IN_A_ROW = 30


@dataclass(frozen=True)
class Ask:
    """An example, to be asked of an experiment's variant for the *repetition*th time (from 1)."""

    experiment: Experiment
    question: Question
    repetition: int

    @property
    def key(self) -> str:
        """What an answer is kept under."""
        return f"{self.experiment.id}:{self.question.example_id}:{self.repetition}"


@dataclass(frozen=True)
class Answer:
    """What came of it. Without a status of `answered` there is no output, and `error` says why."""

    status: Literal["answered", "errored", "budget_stopped"]
    started_at: dt.datetime
    output: str | None = None
    error: str | None = None
    latency_ms: float | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    reused: bool = False


class Answerer(Protocol):
    """Answers for one variant."""

    async def answer(self, ask: Ask) -> Answer:
        """The answer, or why there is none; raises for nothing that the other side does."""


@dataclass(frozen=True)
class PromptAnswerer:
    """A model answers, by the variant's prompt."""

    writer: Writer

    async def answer(self, ask: Ask) -> Answer:
        """Render, ask, tell."""
        variant, now = ask.experiment.variant, dt.datetime.now(dt.UTC)
        assert variant.prompt is not None
        try:
            messages = variant.prompt.render(ask.question.values)
        except ConfigurationError as error:
            return Answer("errored", now, error=str(error))
        written = await self.writer.write(
            variant.model,
            messages,
            parameters=variant.parameters,
            max_output_tokens=variant.max_output_tokens,
            key=ask.key,
        )
        answered = written.status == "answered"
        return Answer(
            status=written.status,
            started_at=written.started_at,
            output=written.text if answered else None,
            error=None if answered else written.trouble,
            latency_ms=written.latency_ms if answered else None,
            model=written.model,
            prompt_tokens=written.usage.prompt_tokens,
            completion_tokens=written.usage.completion_tokens,
            cost_usd=written.cost_usd,
            reused=written.reused,
        )


@dataclass(frozen=True)
class ApplicationAnswerer:
    """A function, an endpoint or a command answers. What it tells of its cost counts for the budgets, once it is spent.

    Its answers are kept in the ledger like paid ones: a run that was killed does not ask again.
    """

    application: Application
    ledger: Ledger
    pace: Pace
    settings: ExperimentSettings
    budget: BudgetSettings
    run: str
    project: str

    async def answer(self, ask: Ask) -> Answer:
        """What is kept, or else what comes of some tries."""
        title = ask.experiment.variant.title
        kept = self.ledger.answers(PURPOSE, title, [ask.key])
        if ask.key in kept:
            return _from_books(kept[ask.key])
        day = today()
        call = Call(self.run, day, self.project, PURPOSE, title, ask.key, "answer")
        number = self.ledger.reserve(call, 0, walls(self.budget, self.run, day, self.project, PURPOSE))
        if not isinstance(number, int):
            return Answer("budget_stopped", dt.datetime.now(dt.UTC), error=number.no_room)
        answer = await self._tried(dict(ask.question.input))
        if answer.status == "answered":
            self.ledger.settle(number, picodollars(answer.cost_usd or 0), _for_books(answer))
        else:
            self.ledger.release(number)
        return answer

    async def _tried(self, question: dict[str, Any]) -> Answer:
        trouble, started_at = "", dt.datetime.now(dt.UTC)
        wait: float | None = None
        for number in range(self.settings.attempts):
            if number:
                await asyncio.sleep(seconds_to_wait(number, self.settings.backoff_seconds, wait))
            async with self.pace.turn():
                started_at, began = dt.datetime.now(dt.UTC), time.perf_counter()
                try:
                    said = await self.application.ask(question)
                except ServiceRefused as error:
                    return Answer("errored", started_at, error=f"refused: {error}")
                except ServiceUnavailable as error:
                    trouble, wait = str(error), getattr(error, "retry_after_seconds", None)
                    if isinstance(error, ServiceBusy):
                        self.pace.refused(wait)
                    continue
            self.pace.well()
            return _answered(said, started_at, (time.perf_counter() - began) * 1000)
        words = f"no answer after {self.settings.attempts} tries, the last one: {trouble}"
        return Answer("errored", started_at, error=words)


@dataclass
class Interview:
    """Asks what is to be asked. `stopped` says by experiment why no more is asked of it."""

    answerers: Mapping[str, Answerer]
    in_flight: int
    stopped: dict[str, str] = field(default_factory=dict)
    _failures: Counter[str] = field(default_factory=Counter)

    async def answers(
        self, asks: Sequence[Ask], told: Callable[[int, int], None] | None = None
    ) -> list[tuple[Ask, Answer]]:
        """Each of *asks* with its answer, but for those left unasked; *told* hears how many of how many are done."""
        waiting = iter(asks)
        found: list[tuple[Ask, Answer]] = []

        async def work() -> None:
            for ask in waiting:
                if ask.experiment.id in self.stopped:
                    continue
                answer = await self.answerers[ask.experiment.id].answer(ask)
                found.append((ask, answer))
                self._count(ask.experiment.id, answer)
                if told:
                    told(len(found), len(asks))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.in_flight, len(asks))):
                    group.create_task(work())
        except* NightjarError as failed:  # one line to act on: a ledger that cannot be written, say
            raise failed.exceptions[0] from failed
        return found

    def _count(self, experiment: str, answer: Answer) -> None:
        self._failures[experiment] = self._failures[experiment] + 1 if answer.status == "errored" else 0
        if self._failures[experiment] >= FAILURES_IN_A_ROW:
            self.stopped[experiment] = f"{FAILURES_IN_A_ROW} questions in a row got no answer: {answer.error}"


def _answered(said: Said, started_at: dt.datetime, latency_ms: float) -> Answer:
    return Answer(
        status="answered",
        started_at=started_at,
        output=said.output,
        latency_ms=latency_ms,
        model=said.model,
        prompt_tokens=said.prompt_tokens,
        completion_tokens=said.completion_tokens,
        cost_usd=said.cost_usd,
    )


def _for_books(answer: Answer) -> str:
    return orjson.dumps(asdict(answer)).decode()


def _from_books(kept: str) -> Answer:
    found = orjson.loads(kept) | {"reused": True}
    return Answer(**found | {"started_at": dt.datetime.fromisoformat(found["started_at"])})
