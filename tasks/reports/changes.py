"""Changes as cells: of shares in points, of scores as differences, of all else as ratios."""

from tasks.shared.pages.blocks import Change, Measure
from tasks.shared.records import Metric
from tasks.shared.statistics.change import Bounded, difference, relative

# What is compared by difference, and how that is written; all else is compared by ratio.
DIFFERENCES: dict[Measure, Measure] = {"share": "points", "score": "difference"}


def bounded(metric: Metric | None) -> Bounded | None:
    """The metric with its interval; None for an exact count."""
    if metric is None or metric.low is None or metric.high is None:
        return None
    return Bounded(metric.value, metric.low, metric.high)


def change(now: Bounded | None, before: Bounded | None, measure: Measure) -> Change | None:
    """How far a figure in *measure* moved, with its interval; None without both."""
    if now is None or before is None:
        return None
    if measure in DIFFERENCES:
        moved = difference(now, before)
        return Change(moved.value, moved.low, moved.high, DIFFERENCES[measure])
    ratio = relative(now, before)
    return Change(ratio.value, ratio.low, ratio.high) if ratio else plain(now.value, before.value, measure)


def plain(now: float | None, before: float | None, measure: Measure) -> Change | None:
    """The same of figures without interval; None where there is nothing to compare with."""
    if now is None or before is None:
        return None
    if measure in DIFFERENCES:
        return Change(now - before, measure=DIFFERENCES[measure])
    return Change(now / before - 1) if before else None


def metric_change(now: Metric | None, before: Metric | None, measure: Measure) -> Change | None:
    """How far a published metric moved; without interval where it has none."""
    if now is None or before is None:
        return None
    return change(bounded(now), bounded(before), measure) or plain(now.value, before.value, measure)
