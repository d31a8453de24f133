"""How often a judge is right by people's labels of the last days: TPR, TNR, kappa, and how many labels there are."""

from collections import Counter
from collections.abc import Iterator
from itertools import product

from tasks.shared.records import Metric
from tasks.shared.statistics.kappa import Kappa
from tasks.tracking.judge_day import JudgeDay
from tasks.tracking.judge_summary import JudgeSummary, estimated
from tasks.tracking.pairs import agreement_in_labels
from tasks.tracking.summary import count, share

VERDICTS = {True: "pass", False: "fail"}


def calibration(day: JudgeDay) -> Iterator[Metric]:
    """Metrics of the units that the judge passed or failed and on which most people agree; see `pairs.measured`.

    Labels under another annotation name (thumbs) are never looked at: who gives those is not random. Coverage is the
    share of the labelled units that could be used; the others are counted as `tied` or `unreadable`. The confusion
    table is the counts of `judge_labels` by people's verdict and the judge's.
    """
    if day.judge.ends is None:
        yield from _by_label(day)
        return
    pairs, labels = day.labels.usable, day.labels
    tied = sum(pair.passes is not None and pair.people_pass is None for pair in labels.pairs)
    covered = share(len(pairs), len(pairs) + tied)
    yield Metric(f"judge_labels/{day.name}", float(len(pairs)), len(pairs), covered)
    yield from _unused(day, tied)
    table = Counter((pair.people_pass, pair.passes) for pair in pairs)
    for people, judge in product((True, False), repeat=2) if pairs else ():
        cell = f"confusion=people_{VERDICTS[people]}_judge_{VERDICTS[judge]}"
        yield count(f"judge_labels/{day.name}", table[people, judge], cell, of=len(pairs))
    found = day.rates
    for name, estimate in (("tpr", found.tpr), ("tnr", found.tnr), ("prevalence", found.prevalence)):
        yield from estimated(f"judge_{name}/{day.name}", estimate, covered)
    yield from _kappa(day, found.kappa, found.n, covered)


def _by_label(day: JudgeDay) -> Iterator[Metric]:
    """Of a judge whose labels have no scores: how many labels there are, and kappa label by label."""
    pairs = day.labels.named
    tied = sum(pair.label is not None and pair.people_label is None for pair in day.labels.pairs)
    covered = share(len(pairs), len(pairs) + tied)
    yield Metric(f"judge_labels/{day.name}", float(len(pairs)), len(pairs), covered)
    yield from _unused(day, tied)
    yield from _kappa(day, agreement_in_labels(pairs), len(pairs), covered)


def _unused(day: JudgeDay, tied: int) -> Iterator[Metric]:
    for status, units in (("tied", tied), ("unreadable", day.labels.unreadable)):
        if units:
            yield count(f"judge_labels/{day.name}", units, f"status={status}")


def _kappa(day: JudgeDay, found: Kappa | None, n: int, covered: float) -> Iterator[Metric]:
    if found:
        yield Metric(f"judge_kappa/{day.name}", found.value, n, covered, found.low, found.high, unit="kappa")


SUMMARY = JudgeSummary(calibration)
