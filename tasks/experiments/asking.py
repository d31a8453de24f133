"""Ask both variants about some of the examples, and store what they say."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tasks.experiments.answering import (
    PURPOSE,
    Answer,
    Answerer,
    ApplicationAnswerer,
    Ask,
    Interview,
    PromptAnswerer,
)
from tasks.experiments.recording import Recorder
from tasks.experiments.runs import Row, run_row, window_of
from tasks.experiments.trial import Experiment, Trial
from tasks.shared.gateways.applications import Application, Command, Endpoint, Function
from tasks.shared.gateways.llm import Errand, Models, Pace, Writer
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch
from tasks.shared.settings import ExperimentSettings, Settings
from tasks.shared.store.ledger import open_ledger
from tasks.shared.store.tables import EXPERIMENT_RUNS

SECONDS_BETWEEN_NEWS = 10.0


@dataclass(frozen=True)
class Block:
    """Examples `[start, end)` of the order in which they are asked."""

    start: int
    end: int

    def __str__(self) -> str:
        """For people, who count from one."""
        return f"examples {self.start + 1} to {self.end}"


def blocks_of(stops: Sequence[int]) -> list[Block]:
    """The blocks that end at *stops*."""
    return [Block(start, end) for start, end in zip((0, *stops), stops, strict=False)]


def answered_so_far(trial: Trial, rows: Mapping[str, Sequence[Row]]) -> int:
    """How many of the first examples have all their answers in *rows* (by experiment)."""
    everything = len(trial.asked.questions)
    lacking = {ask.question.example_id for ask in asks_of(trial, Block(0, everything), rows)}
    ids = enumerate(question.example_id for question in trial.asked.questions)
    return next((place for place, example in ids if example in lacking), everything)


def asks_of(trial: Trial, block: Block, rows: Mapping[str, Sequence[Row]]) -> list[Ask]:
    """What is to be asked of the block: whatever has no answer in *rows* (by experiment) yet.

    Both variants are asked about an example at about the same time: what happens meanwhile happens to both.
    """
    answered = {
        (experiment, row["example_id"], row["repetition"])
        for experiment, own in rows.items()
        for row in own
        if row["status"] == "answered"
    }
    return [
        Ask(experiment, question, repetition)
        for question in trial.asked.questions[block.start : block.end]
        for repetition in range(1, trial.gate.repetitions + 1)
        for experiment in trial.experiments
        if (experiment.id, question.example_id, repetition) not in answered
    ]


@asynccontextmanager
async def interview(settings: Settings, trial: Trial, run: str) -> AsyncIterator[Interview]:
    """Both variants, ready to answer in the name of *run*.

    Raises:
        ConfigurationError: One of them cannot be asked: no price, no key, no function. Nothing was asked.
    """
    async with AsyncExitStack() as stack:
        ledger = stack.enter_context(open_ledger(settings.budget, settings.lake))
        models = await stack.enter_async_context(Models(settings.judges))
        writer = Writer(
            models, ledger, PriceTable.shipped(settings.prices), settings.budget, Errand(run, trial.project, PURPOSE)
        )
        own = settings.experiments
        pace = Pace(own.in_flight, own.requests_per_second)
        answerers: dict[str, Answerer] = {}
        for experiment in trial.experiments:
            if experiment.variant.prompt is not None:
                answerers[experiment.id] = _prompt(writer, experiment)
                continue
            application = await _application(stack, settings, experiment)
            answerers[experiment.id] = ApplicationAnswerer(
                application, ledger, pace, own, settings.budget, run, trial.project
            )
        yield Interview(answerers, own.in_flight)


def _prompt(writer: Writer, experiment: Experiment) -> PromptAnswerer:
    variant = experiment.variant
    writer.price(variant.model)
    writer.models.model(variant.model, variant.max_output_tokens)
    return PromptAnswerer(writer)


async def _application(stack: AsyncExitStack, settings: Settings, experiment: Experiment) -> Application:
    target, own = experiment.variant.target, settings.experiments
    match target.kind:
        case "callable":
            return Function(target.address, target.parameters, own.timeout_seconds)
        case "command":
            return Command(target.address, own.timeout_seconds)
    endpoint = Endpoint(target.address, headers_for(own, target.address), own.timeout_seconds, own.in_flight)
    return await stack.enter_async_context(endpoint)


def headers_for(settings: ExperimentSettings, url: str) -> dict[str, str]:
    """The headers that the settings have for the host of *url*, with its port or without; nobody else gets them."""
    place = urlsplit(url)
    found = settings.http_headers.get(place.netloc) or settings.http_headers.get(place.hostname or "") or {}
    return {name: value.get_secret_value() for name, value in found.items()}


async def ask_block(
    recorder: Recorder, trial: Trial, block: Block, run: str, told: Callable[[str], None]
) -> dict[str, Batch]:
    """Ask what the block still lacks, and store it; receipts by experiment, whose window holds all its answers so far.

    An answer that did not come, for a reason outside, is asked for again by the next run.
    """
    before = {each.id: recorder.runs(each.id) for each in trial.experiments}
    asks = asks_of(trial, block, before)
    told(f"{trial.name} {block}: {len(asks)} answers to ask for")
    async with interview(recorder.settings, trial, run) as heard:
        found = await heard.answers(asks, _now_and_then(trial.name, told))
    receipts = {}
    for experiment in trial.experiments:
        own = [(ask, answer) for ask, answer in found if ask.experiment.id == experiment.id]
        new = [run_row(ask, answer) for ask, answer in own]
        rows = await asyncio.to_thread(recorder.record_answers, trial, experiment, before[experiment.id], new)
        doubts = doubts_of(experiment, [answer for _, answer in own], heard.stopped.get(experiment.id, ""))
        window = window_of(row["start_time"] for row in rows)
        receipts[experiment.id] = Batch(
            EXPERIMENT_RUNS.name,
            trial.project,
            window,
            len(new),
            {**Counter(answer.status for _, answer in own), "reused": sum(answer.reused for _, answer in own)},
            doubts=doubts,
        )
    return receipts


def doubts_of(experiment: Experiment, answers: Sequence[Answer], stopped: str) -> tuple[str, ...]:
    """Why asking further makes no sense: the target is gone, or there is no money left."""
    found = [f"{experiment.role}: {stopped}"] if stopped else []
    broke = [answer for answer in answers if answer.status == "budget_stopped"]
    if broke:
        found.append(f"{experiment.role}: {len(broke)} answers not asked for, {broke[0].error}")
    return tuple(found)


def _now_and_then(name: str, told: Callable[[str], None]) -> Callable[[int, int], None]:
    """Tell of progress every few seconds."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_NEWS:
            last = time.monotonic()
            told(f"{name}: {done} of {total} answers")

    return tell
