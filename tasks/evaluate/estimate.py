"""What judging a window would take: units, calls, tokens, money and time, found out without asking anything."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tasks.evaluate.anchors import anchors_to_ask
from tasks.evaluate.cases import Case, Messages, needed_sql, planned, prompt_digest, rendered
from tasks.evaluate.catalogue import ready_judge
from tasks.evaluate.judge import Judge, Sampling
from tasks.evaluate.judging import overlapping
from tasks.evaluate.library import verify_sql
from tasks.evaluate.tariff import Tariff, tariff
from tasks.evaluate.undecided import newest_first, paid, undecided
from tasks.evaluate.units import view_sql
from tasks.evaluate.versions import in_use, model_names
from tasks.shared.errors import NotConfirmed
from tasks.shared.gateways.llm import Usage
from tasks.shared.gateways.llm.models import provider_settings, split
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch, Window
from tasks.shared.settings import BudgetSettings, ProviderSettings, Settings
from tasks.shared.store.batch_book import BatchBook
from tasks.shared.store.lake import Lake
from tasks.shared.store.ledger import Ledger, open_ledger, usd
from tasks.shared.store.tables import DECISIONS

ESTIMATE = "estimate"
# Assumed of a judge without a past: English text, an explanation half as long as it may be, a small model's pace.
CHARACTERS_PER_TOKEN = 4.0
SHARE_OF_OUTPUT_CAP = 0.5
SECONDS_PER_CALL = 2.0
# What a unit says beyond what a canary does.
CHARACTERS_PER_UNIT = 2000
# So much of the past is asked how many tokens this judge takes.
PAST_DAYS, ENOUGH_DECISIONS = 14, 500
EVERYTHING = Sampling()


@dataclass(frozen=True)
class Habit:
    """How many tokens the judge's calls take; `decisions` of the past tell it, none where it is assumed."""

    characters_per_token: float
    completion_tokens: float
    decisions: int = 0

    @property
    def basis(self) -> str:
        """Where the tokens come from, in words."""
        tokens = f"{self.characters_per_token:.1f} characters a token, {self.completion_tokens:.0f} tokens an answer"
        return f"{tokens} as in {self.decisions} decisions" if self.decisions else f"{tokens} assumed"


@dataclass(frozen=True)
class Estimate:
    """Of one judge and window. `expected` and `most` are picodollars.

    `units` await a decision; `calls` have to be made, canaries and anchors included; `free` questions have an answer
    that was paid for before, or are the same as another; `waiting` ones are in a batch already, and paid for there;
    `too_dear` could cost more than the judge's `max_cost_usd` and are not asked. `most` is what the calls reserve, each
    tried once: a token a byte, every answer as long as it may be.
    """

    judge: str
    model: str
    units: int
    calls: int
    free: int
    waiting: int
    too_dear: int
    prompt_tokens: int
    completion_tokens: int
    expected: int
    most: int
    seconds: float
    basis: str

    def counts(self) -> dict[str, int]:
        """The numbers, money in microdollars."""
        return {
            "units": self.units,
            "calls": self.calls,
            "free": self.free,
            "waiting": self.waiting,
            "too_dear": self.too_dear,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "expected_microdollars": _microdollars(self.expected),
            "most_microdollars": _microdollars(self.most),
            "seconds": round(self.seconds),
        }

    def note(self) -> str:
        """The same in a sentence."""
        return (
            f"{self.judge}: {self.calls} calls of {self.model} on {self.units} units, about {usd(self.expected):.4f} "
            f"USD (at most {usd(self.most):.4f}), {self.seconds:.0f} s; {self.basis}"
            + (f"; {self.waiting} more wait in a batch" if self.waiting else "")
        )


def estimates(
    settings: Settings, judge: Judge, project: str, window: Window, now: dt.datetime, *, run: str = ""
) -> list[Estimate]:
    """`estimated` for the judge, after one for its earlier version where that scores some units beside it."""
    lake = Lake.open(settings.lake)
    used = in_use(judge, lake, settings.judges)
    earlier = overlapping(settings, lake, used, project, window)
    return [estimated(settings, each, project, window, now, run=run) for each in (*earlier, used)]


def estimated(
    settings: Settings, judge: Judge, project: str, window: Window, now: dt.datetime, *, run: str = ""
) -> Estimate:
    """What judging the undecided units of *window* in *run* would take. Spends nothing and changes nothing.

    Raises:
        ConfigurationError: The judge's SQL is wrong, or its model has no price.
    """
    lake, ready = Lake.open(settings.lake), ready_judge(judge)
    verify_sql(judge, lake, view_sql(judge.unit))
    names = model_names(judge, settings.judges)
    prices = PriceTable.shipped(settings.prices)
    tally = _Tally(judge, names, tariff(judge, names[0], prices, now))
    with open_ledger(settings.budget, settings.lake) as ledger:
        for part in newest_first(lake, project, window, ready, settings.judges.chunk_units):
            units = undecided(lake, project, part.window, ready, needed_sql(judge))
            plan = planned(judge, units, settings.judges.sampling_salt)
            tally.units += units.num_rows
            tally.add([messages for case in plan.cases for messages in case.orders], ledger)
        measured = ledger.seconds_per_call(judge.title, names[0])
    tally.add_canaries()
    tally.add_again(anchors_to_ask(lake, project, judge, settings.judges.anchors, run=run, now=now))
    expected = tariff(judge, names[0], prices, now, batch=judge.lane == "batch")
    provider = provider_settings(settings.judges, split(names[0])[0])
    return tally.estimate(habit(lake, project, judge), expected, provider, measured)


def assumed_judgment(settings: Settings, judge: Judge, now: dt.datetime) -> tuple[int, float]:
    """What one decision takes of a judge without a past, before anybody knows the unit: picodollars and seconds.

    Raises:
        ConfigurationError: The judge has no model, or its model no price.
    """
    name, calls = model_names(judge, settings.judges)[0], 2 if judge.swap else 1
    longest = max(_characters(rendered(judge.prompt, canary.inputs)) for canary in judge.canaries)
    usage = Usage(
        round((longest + CHARACTERS_PER_UNIT) / CHARACTERS_PER_TOKEN),
        round(judge.max_output_tokens * SHARE_OF_OUTPUT_CAP),
    )
    cost = tariff(judge, name, PriceTable.shipped(settings.prices), now).cost(usage)
    return calls * cost, calls * SECONDS_PER_CALL / provider_settings(settings.judges, split(name)[0]).in_flight


def habit(lake: Lake, project: str, judge: Judge) -> Habit:
    """The judge's tokens by its latest paid decisions whose units are still there, or by assumption."""
    ready, characters, prompt, completion, decisions = ready_judge(judge), 0, 0, 0, 0
    for day in reversed(lake.days(DECISIONS, project)[-PAST_DAYS:]):
        units = paid(lake, project, Window.of_day(day), ready, needed_sql(judge))
        for case, read, written in _usages(judge, units):
            characters += sum(_characters(messages) for messages in case.orders)
            prompt, completion, decisions = prompt + read, completion + written, decisions + len(case.orders)
        if decisions >= ENOUGH_DECISIONS:
            break
    if not decisions:
        return Habit(CHARACTERS_PER_TOKEN, judge.max_output_tokens * SHARE_OF_OUTPUT_CAP)
    return Habit(characters / prompt, completion / decisions, decisions)


def receipt(project: str, window: Window, estimates: Sequence[Estimate]) -> Batch:
    """All judges' estimates as one receipt; `counts` has each number in all and by judge."""
    counts: dict[str, int] = {}
    for each in estimates:
        for what, count in each.counts().items():
            counts[what] = counts.get(what, 0) + count
            name = each.judge.partition("@")[0]
            counts[f"{name}.{what}"] = counts.get(f"{name}.{what}", 0) + count
    return Batch(ESTIMATE, project, window, 0, counts, notes=tuple(each.note() for each in estimates))


def expected_usd(estimate: Batch) -> float:
    """What the judges of an estimate's receipt are expected to cost together."""
    return estimate.counts.get("expected_microdollars", 0) / 1_000_000


def projected_usd(days_usd: Sequence[float], days: int) -> float:
    """What a backfill of *days* will cost, its first days being estimated at *days_usd*: the others are like them."""
    return sum(days_usd) / len(days_usd) * days


def confirm(amount_usd: float, budget: BudgetSettings, what: str) -> None:
    """Raise NotConfirmed when *what* is estimated above the threshold. Called where nobody said yes."""
    if amount_usd > budget.confirm_over_usd:
        raise NotConfirmed(
            f"judging {what} is estimated at {amount_usd:.2f} USD, above budget.confirm_over_usd "
            f"{budget.confirm_over_usd:g}. It was not begun. Say --yes (parameter yes) to go ahead, or ask for less."
        )


@dataclass
class _Tally:
    """What is counted on the way through the window."""

    judge: Judge
    models: Sequence[str]
    tariff: Tariff
    units: int = 0
    calls: int = 0
    free: int = 0
    waiting: int = 0
    too_dear: int = 0
    characters: int = 0
    most: int = 0
    _seen: set[str] = field(default_factory=set)

    def add(self, questions: Sequence[Messages], ledger: Ledger) -> None:
        """Count *questions*; those answered before, or seen before, are free."""
        digests = [prompt_digest(messages) for messages in questions]
        for model in self.models:
            self._seen.update(ledger.answers(self.judge.title, model, digests))
        items = BatchBook(ledger).items(self.judge.title, self.models[0], digests)
        waiting = {digest for digest, item in items.items() if item.state == "waiting"} - self._seen
        self.waiting, self._seen = self.waiting + len(waiting), self._seen | waiting
        for messages, digest in zip(questions, digests, strict=True):
            if digest in waiting:
                waiting.discard(digest)
            elif digest in self._seen:
                self.free += 1
            else:
                self._seen.add(digest)
                self._call(messages)

    def add_canaries(self) -> None:
        """The questions with a known answer, which are asked when anything is."""
        if self.calls:
            for canary in self.judge.canaries:
                self._call(rendered(self.judge.prompt, canary.inputs))

    def add_again(self, anchors: Sequence[Mapping[str, Any]]) -> None:
        """The questions that are asked again now and then, when anything is."""
        if self.calls:
            for anchor in anchors:
                self._call(anchor["messages"])

    def _call(self, messages: Messages) -> None:
        most = self.tariff.most(messages, self.judge)
        if most > self.tariff.cap:
            self.too_dear += 1
            return
        self.calls, self.most = self.calls + 1, self.most + most
        self.characters += _characters(messages)

    def estimate(self, habit: Habit, expected: Tariff, provider: ProviderSettings, measured: float | None) -> Estimate:
        """The count with *habit*'s tokens at *expected*'s prices, and *measured* seconds a call at the *provider*."""
        prompt = round(self.characters / habit.characters_per_token)
        completion = round(self.calls * habit.completion_tokens)
        per_call = SECONDS_PER_CALL if measured is None else measured
        seconds = self.calls * per_call / provider.in_flight
        if provider.requests_per_second:
            seconds = max(seconds, self.calls / provider.requests_per_second)
        cost = expected.cost(Usage(prompt, completion))
        counted = (self.units, self.calls, self.free, self.waiting, self.too_dear)
        told = f"{habit.basis}, {per_call:.2g} s a call {'assumed' if measured is None else 'as measured'}"
        return Estimate(self.judge.title, self.models[0], *counted, prompt, completion, cost, self.most, seconds, told)


def _usages(judge: Judge, units: pa.Table) -> list[tuple[Case, int, int]]:
    """Each unit as a case, with the tokens that its decision took."""
    read, written = units["read_tokens"].to_pylist(), units["written_tokens"].to_pylist()
    cases = planned(judge.model_copy(update={"sampling": EVERYTHING}), units).cases
    return [(case, read[case.place], written[case.place] or 0) for case in cases]


def _characters(messages: Messages) -> int:
    return sum(len(message["content"]) for message in messages)


def _microdollars(picodollars: int) -> int:
    return round(usd(picodollars) * Decimal(1_000_000))
