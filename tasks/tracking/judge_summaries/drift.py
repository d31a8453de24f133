"""Does the judge still agree with people as it did? Agreement on the day, and a CUSUM chart over the last days."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import fsum

from tasks.shared.records import Metric
from tasks.shared.statistics.drift import AnchorRun
from tasks.shared.statistics.drift import drift as chart
from tasks.shared.statistics.hajek import hajek
from tasks.tracking.judge_day import JudgeDay
from tasks.tracking.judge_summary import JudgeSummary, estimated
from tasks.tracking.pairs import Pair
from tasks.tracking.summary import count

# The first labels of the version say what agreement is usual. With a hundred of them it is known to 3 points or so.
BASELINE_LABELS = 100
LEAST_AGREEMENT = 0.5


def drift(day: JudgeDay) -> Iterator[Metric]:
    """`judge_agreement` of the day; `judge_drift`, the chart's excess over its limit: 1 or more is an alarm.

    With an alarm, `judge_drift_days` tells since how many days the agreement has been falling. Labels weigh as for TPR
    and TNR, and a day counts for as many labels as would tell as much with equal weights: which units a queue chooses
    changes from week to week, and would seem to be drift. There is no chart before the baseline is full, nor where
    judge and people hardly ever agreed.
    """
    by_day: dict[dt.date, list[Pair]] = defaultdict(list)
    for pair in day.labels.usable:
        by_day[pair.day].append(pair)
    today = [pair for pair in day.labels.usable if day.holds(pair.day)]
    same = [float(pair.passes == pair.people_pass) for pair in today]
    agreement = hajek(same, [pair.chance for pair in today], [pair.trace for pair in today])
    yield from estimated(f"judge_agreement/{day.name}", agreement)
    days = sorted(by_day)
    runs = [_run(by_day[date]) for date in days]
    first = next((i for i in range(len(runs)) if sum(run.n for run in runs[:i]) >= BASELINE_LABELS), None)
    if first is None:
        return
    usual = (sum(run.agreed for run in runs[:first]) + 1) / (sum(run.n for run in runs[:first]) + 2)
    if usual < LEAST_AGREEMENT:
        return
    found = chart(runs[first:], usual)
    yield Metric(f"judge_drift/{day.name}", found.excess[-1] / found.limit, found.n, 1.0)
    if found.excess[-1] >= found.limit and found.since is not None:
        began = days[first + found.since]
        yield count(f"judge_drift_days/{day.name}", (day.day - began).days + 1, of=found.n, unit="days")


def _run(pairs: Sequence[Pair]) -> AnchorRun:
    """A day's labels: their effective number (Kish), and how many of that agree."""
    weights = [1 / pair.chance for pair in pairs]
    agreed = fsum(weight for weight, pair in zip(weights, pairs, strict=True) if pair.passes == pair.people_pass)
    n = fsum(weights) ** 2 / fsum(weight * weight for weight in weights)
    return AnchorRun(round(n), round(n * agreed / fsum(weights)))


SUMMARY = JudgeSummary(drift)
