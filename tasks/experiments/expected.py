"""What a comparison would take: answers, tokens, money and time, found out without asking anything."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tasks.experiments.answering import Ask
from tasks.experiments.asking import Block, asks_of
from tasks.experiments.recording import Recorder
from tasks.experiments.trial import Experiment, Trial
from tasks.shared.errors import ConfigurationError, NotConfirmed
from tasks.shared.gateways.llm import Usage, call_price
from tasks.shared.prices import PriceTable
from tasks.shared.records import DAY, Batch, Window
from tasks.shared.settings import BudgetSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.ledger import picodollars, usd
from tasks.shared.store.tables import DECISIONS

ESTIMATE = "estimate"
# Of one decision: picodollars, and seconds.
Judgment = tuple[int, float]
# Assumed of a variant without a past: English text, an answer a quarter as long as it may be, a small model's pace.
CHARACTERS_PER_TOKEN = 4.0
SHARE_OF_OUTPUT_CAP = 0.25
SECONDS_PER_ANSWER = 2.0
PAST_DAYS = 14
PAST_ANSWERS = """
SELECT count(*) AS n, avg(runs.prompt_tokens) AS prompt, avg(runs.completion_tokens) AS completion,
    avg(runs.cost_usd) AS cost_usd, avg(runs.latency_ms) / 1000 AS seconds
FROM experiment_runs AS runs JOIN experiments USING (experiment)
WHERE runs.status = 'answered'
    AND coalesce(json_extract_string(specification, '$.prompt'), json_extract_string(specification, '$.address')) = $of
    AND coalesce(json_extract_string(specification, '$.model'), '') = $model
"""
PAST_JUDGMENTS = """
SELECT evaluator, avg(cost_usd) AS cost_usd, avg(prompt_tokens) AS prompt, avg(completion_tokens) AS completion
FROM decisions WHERE list_contains($judges, evaluator) AND status = 'scored' AND NOT coalesce(reused, false)
GROUP BY evaluator
"""


@dataclass(frozen=True)
class Expected:
    """Of one variant or judge. Money is in picodollars; `most` is what would be reserved, nothing for a judge."""

    name: str
    calls: int
    free: int
    prompt_tokens: int
    completion_tokens: int
    cost: int
    most: int
    seconds: float
    basis: str

    def counts(self) -> dict[str, int]:
        """The numbers, money in microdollars."""
        return {
            "calls": self.calls,
            "free": self.free,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "expected_microdollars": _microdollars(self.cost),
            "most_microdollars": _microdollars(self.most),
            "seconds": round(self.seconds),
        }

    def note(self) -> str:
        """The same in a sentence."""
        return f"{self.name}: {self.calls} calls, about {usd(self.cost):.4f} USD, {self.seconds:.0f} s; {self.basis}"


def expected(settings: Settings, trial: Trial, judges: Mapping[str, Judgment]) -> list[Expected]:
    """What the answers still to be given would take, by variant, and what *judges* would take to score them.

    The judges' own values are assumed for one decision; they count for the time, and for the cost of a judge without a
    past.

    Raises:
        ConfigurationError: A model has no price.
    """
    lake, everything = Lake.open(settings.lake), Block(0, len(trial.asked.questions))
    rows = {each.id: Recorder(settings, trial.project).runs(each.id) for each in trial.experiments}
    asks = asks_of(trial, everything, rows)
    answering = [
        _answers(settings, lake, trial, each, [ask for ask in asks if ask.experiment.id == each.id])
        for each in trial.experiments
    ]
    return [*answering, *_judgments(lake, trial.project, judges, len(asks))]


def estimate_receipt(trial: Trial, each: Sequence[Expected], now: dt.datetime) -> Batch:
    """All of it as one receipt; `counts` has each number in all and by variant or judge."""
    counts: dict[str, int] = {}
    for one in each:
        for what, count in one.counts().items():
            counts[what] = counts.get(what, 0) + count
            counts[f"{one.name}.{what}"] = count
    notes = (*trial.asked.notes, *(one.note() for one in each))
    return Batch(ESTIMATE, trial.project, Window.of_day(now.date()), 0, counts, notes=notes)


def expected_usd(each: Sequence[Expected]) -> float:
    """What all of it is expected to cost."""
    return float(usd(sum(one.cost for one in each)))


def confirm(amount_usd: float, budget: BudgetSettings, what: str) -> None:
    """Raise NotConfirmed when *what* is estimated above the threshold. Called where nobody said yes."""
    if amount_usd > budget.confirm_over_usd:
        raise NotConfirmed(
            f"{what} is estimated at {amount_usd:.2f} USD, above budget.confirm_over_usd {budget.confirm_over_usd:g}. "
            "It was not begun. Say --yes (parameter yes) to go ahead, or ask for less."
        )


def _answers(settings: Settings, lake: Lake, trial: Trial, experiment: Experiment, asks: Sequence[Ask]) -> Expected:
    specification = experiment.variant.specification
    subject = {"of": specification.get("prompt") or specification["address"], "model": experiment.variant.model}
    past = lake.sql(PAST_ANSWERS, trial.project, None, subject).to_pylist()[0]
    in_flight, calls = settings.experiments.in_flight, len(asks)
    seconds = calls * (past["seconds"] or SECONDS_PER_ANSWER) / in_flight
    free = trial.answers - calls
    if experiment.variant.prompt is None:
        told = past["cost_usd"]
        basis = f"as in {past['n']} answers before" if told is not None else "it has told nothing of its cost so far"
        tokens = round(calls * (past["prompt"] or 0)), round(calls * (past["completion"] or 0))
        return Expected(experiment.role, calls, free, *tokens, picodollars(calls * (told or 0)), 0, seconds, basis)
    price = call_price(experiment.variant.model, PriceTable.shipped(settings.prices), dt.datetime.now(dt.UTC))
    messages = [_rendered(ask) for ask in asks]
    longest = experiment.variant.max_output_tokens
    prompt = round(sum(len(m["content"]) for each in messages for m in each) / CHARACTERS_PER_TOKEN)
    completion = round(calls * (past["completion"] or longest * SHARE_OF_OUTPUT_CAP))
    basis = f"answers as long as in {past['n']} before" if past["completion"] else "the answers' length assumed"
    most = sum(price.most(each, None, longest) for each in messages)
    cost = price.cost(Usage(prompt, completion))
    return Expected(experiment.role, calls, free, prompt, completion, cost, most, seconds, basis)


def _rendered(ask: Ask) -> list[dict[str, str]]:
    """The messages; none of an example that the prompt lacks a value for, and that will not be asked."""
    assert ask.experiment.variant.prompt is not None
    try:
        return ask.experiment.variant.prompt.render(ask.question.values)
    except ConfigurationError:
        return []


def _judgments(lake: Lake, project: str, judges: Mapping[str, Judgment], answers: int) -> list[Expected]:
    if not judges or not answers:
        return []
    days = lake.days(DECISIONS, project)[-PAST_DAYS:]
    window = Window(Window.of_day(days[0]).start, Window.of_day(days[-1]).start + DAY) if days else None
    rows = lake.sql(PAST_JUDGMENTS, project, window, {"judges": list(judges)}).to_pylist() if window else []
    past: Mapping[str, Any] = {row["evaluator"]: row for row in rows}
    return [_judge(name, past.get(name), answers, assumed) for name, assumed in judges.items()]


def _judge(name: str, past: Mapping[str, Any] | None, answers: int, assumed: Judgment) -> Expected:
    cost, seconds = answers * assumed[0], answers * assumed[1]
    if past is None:
        basis = f"assumed, as it has judged nothing in {PAST_DAYS} days"
        return Expected(name, answers, 0, 0, 0, cost, 0, seconds, basis)
    tokens = round(answers * (past["prompt"] or 0)), round(answers * (past["completion"] or 0))
    cost = picodollars(answers * past["cost_usd"])
    return Expected(name, answers, 0, *tokens, cost, 0, seconds, "as on average in its decisions lately")


def _microdollars(amount: int) -> int:
    return round(usd(amount) * Decimal(1_000_000))
