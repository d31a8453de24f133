"""The day's pass rate with the judge's errors taken out, by labels of the last days and by those of the day itself."""

from collections.abc import Iterator

from tasks.shared.records import Metric
from tasks.shared.statistics.corrected import corrected
from tasks.shared.statistics.prediction_powered import Judged, prediction_powered
from tasks.tracking.judge_day import JudgeDay, JudgedUnit
from tasks.tracking.judge_summary import JudgeSummary
from tasks.tracking.pairs import Drawn, label_draws
from tasks.tracking.summary import share

# Below this the interval's coverage has not been measured.
LEAST_LABELS_OF_THE_DAY = 20


def true_pass_rate(day: JudgeDay) -> Iterator[Metric]:
    """`pass_rate_corrected` (Rogan-Gladen), absent where the labels allow none; `pass_rate_ppi` (PPI++)."""
    yield from _corrected(day)
    yield from _prediction_powered(day)


def _corrected(day: JudgeDay) -> Iterator[Metric]:
    """With `judge_informative`: 1, or 0 where the labels say too little of the judge to correct its rate."""
    pairs = day.labels.usable
    if day.raw is None or not pairs:
        return
    today = share(sum(day.holds(pair.day) for pair in pairs), len(pairs))
    found = corrected(day.raw, day.rates.tpr, day.rates.tnr, shared=today)
    informative = float(found.value is not None)
    yield Metric(f"judge_informative/{day.name}", informative, len(pairs), 1.0)
    if found.value is not None and found.low is not None and found.high is not None:
        low, high = min(found.low, found.value), max(found.high, found.value)
        yield day.pass_rate("pass_rate_corrected", found.value, found.n, (low, high))


def _prediction_powered(day: JudgeDay) -> Iterator[Metric]:
    """Only of labels of the day that were drawn at random among its judged units; n is how many those are."""
    drawn = label_draws([pair for pair in day.labels.usable if day.holds(pair.day)])
    units = [_judged(day, unit, drawn.get(unit.unit_id)) for unit in day.units]
    if sum(unit.human is not None for unit in units) < LEAST_LABELS_OF_THE_DAY:
        return
    found = prediction_powered(units)
    if found:
        estimate = found.estimate
        yield day.pass_rate("pass_rate_ppi", estimate.value, found.labelled, (estimate.low, estimate.high))


def _judged(day: JudgeDay, unit: JudgedUnit, drawn: Drawn | None) -> Judged:
    verdict = float(day.judge.passes(unit.score))
    if drawn is None:
        return Judged(verdict, unit.trace, probability=unit.probability)
    return Judged(verdict, unit.trace, float(drawn.passes), drawn.probability, unit.probability)


SUMMARY = JudgeSummary(true_pass_rate)
