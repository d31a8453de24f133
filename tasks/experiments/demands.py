"""What a gate demands of the candidate: each demand knows its bounds at any tail, and whether it is kept or broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import log
from typing import TYPE_CHECKING, Literal

from tasks.experiments.rates import mistrust, rate, usable
from tasks.shared.statistics.difference import Difference, difference
from tasks.shared.statistics.judged_difference import Calibration, judged_difference
from tasks.shared.statistics.ratio import Ratio, ratio_of_totals, typical_ratio

if TYPE_CHECKING:
    from tasks.experiments.paired import Array, Paired, Sides
    from tasks.shared.settings import GateMetric, GateSettings

Kind = Literal["difference", "floor", "cost", "latency"]
Range = Callable[[float], tuple[float, float]]
DEFAULT_FLOOR = 0.95


@dataclass(frozen=True)
class Spread:
    """How far the number is from its limit, and how one example's share in it varies (`effect`: design effect)."""

    distance: float
    deviation: float
    effect: float


@dataclass(frozen=True)
class Demand:
    """A number of the candidate with the *limit* it has to keep: from above, or with `at_most` from below.

    `blocked` tells why nothing can be decided. With `by_estimate` the value itself keeps the limit or not, once all
    examples are in; it is broken only where its bound is beyond the limit, like all others. `spread` says how many
    examples would decide.
    """

    name: str
    kind: Kind
    limit: float
    value: float | None = None
    bounds: Range | None = None
    spread: Spread | None = None
    metric: str = ""
    at_most: bool = False
    by_estimate: bool = False
    blocked: str = ""

    def kept(self, tail: float, *, complete: bool) -> bool:
        """Whether the limit is surely kept, an error having probability *tail*."""
        if self.blocked or self.bounds is None or self.value is None:
            return False
        low, high = self.bounds(tail)
        if self.kind == "difference":
            return low > self.limit
        if self.by_estimate and complete:
            low = high = self.value
        return high <= self.limit if self.at_most else low >= self.limit

    def broken(self, tail: float) -> bool:
        """Whether the limit is surely broken, an error having probability *tail*."""
        if self.blocked or self.bounds is None:
            return False
        low, high = self.bounds(tail)
        return low > self.limit if self.at_most else high < self.limit


def demands(sides: Sides, gate: GateSettings) -> list[Demand]:
    """All demands of *gate* on *sides*: a difference and a floor for each metric, ceilings of cost and latency."""
    pairs = {pair.metric: pair for pair in sides.pairs}
    found: list[Demand] = []
    for name, asked in gate.metrics.items():
        pair = pairs.get(name)
        if pair is None or not pair.both.any():
            reason = f"nothing to compare: no example has a score of {name} on both sides"
            found.append(Demand(name, "difference", -asked.margin, metric=name, blocked=reason))
        else:
            found += _of_metric(pair, asked, gate)
    return [*found, *_ceilings(sides, gate)]


def floor_of(asked: GateMetric, pair: Paired) -> float | None:
    """The limit of the floor; None without one. By default a pass rate of 95 % for metrics that say pass or fail."""
    if not isinstance(asked.floor, str):
        return asked.floor
    if asked.floor == "none" or not pair.binary:
        return None
    return 1 - DEFAULT_FLOOR if pair.direction == "minimize" else DEFAULT_FLOOR


def seen_difference(pair: Paired) -> Difference:
    """The difference as the evaluator saw it, on the examples with both scores."""
    import numpy as np

    scores = np.concatenate([pair.baseline[pair.both], pair.candidate[pair.both]])
    lowest, highest = min(float(scores.min()), 0.0), max(float(scores.max()), 1.0)
    return difference(pair.differences, pair.paired_clusters, highest - lowest)


def _of_metric(pair: Paired, asked: GateMetric, gate: GateSettings) -> Iterator[Demand]:
    blocked = _uncovered(pair, gate) or mistrust(pair)
    yield _difference(pair, asked, blocked)
    limit, found = floor_of(asked, pair), rate(pair, pair.candidate)
    if limit is not None and found is not None:
        at_most = pair.direction == "minimize"
        yield Demand(
            name=f"{pair.metric} {'ceiling' if at_most else 'floor'}",
            kind="floor",
            limit=limit,
            value=found.value,
            bounds=found.bounds,
            spread=Spread(found.value - limit, found.deviation, found.effect),
            metric=pair.metric,
            at_most=at_most,
            by_estimate=asked.floor_on == "estimate",
            blocked=blocked or found.refusal,
        )


def _difference(pair: Paired, asked: GateMetric, blocked: str) -> Demand:
    """Of a judge whose errors are known, the true difference behind the one it sees."""
    seen, calibration = seen_difference(pair), usable(pair)
    share = calibration.information if calibration else 1.0
    value = seen.value / share
    return Demand(
        name=pair.metric,
        kind="difference",
        limit=-asked.margin,
        value=value,
        bounds=partial(_behind, seen, calibration) if calibration else seen.bounds,
        spread=Spread(value + asked.margin, seen.deviation / share, seen.mean.design_effect),
        metric=pair.metric,
        blocked=blocked,
    )


def _behind(seen: Difference, calibration: Calibration, tail: float) -> tuple[float, float]:
    """Bounds of the true difference of two pass rates."""
    if calibration.refusal(tail):
        return -1.0, 1.0
    _, low, high = judged_difference(seen.value, seen.bounds(tail), calibration, tail)
    return max(low, -1.0), min(high, 1.0)


def _uncovered(pair: Paired, gate: GateSettings) -> str:
    if pair.coverage >= gate.coverage_floor:
        return ""
    scored, eligible = f"{pair.covered:.1f}".removesuffix(".0"), int(pair.eligible.sum())
    return (
        f"{scored} of {eligible} examples have a score of {pair.metric} on both sides ({pair.coverage:.0%}), "
        f"{gate.coverage_floor:.0%} are asked for"
    )


def _ceilings(sides: Sides, gate: GateSettings) -> Iterator[Demand]:
    if gate.most_cost_ratio is not None:
        costs = (sides.candidate.cost_usd, sides.baseline.cost_usd)
        yield _ceiling("cost", gate.most_cost_ratio, sides, costs, gate)
    if gate.most_latency_ratio is not None:
        latencies = (sides.candidate.latency_ms, sides.baseline.latency_ms)
        yield _ceiling("latency", gate.most_latency_ratio, sides, latencies, gate)


def _ceiling(
    kind: Literal["cost", "latency"], limit: float, sides: Sides, takes: tuple[Array, Array], gate: GateSettings
) -> Demand:
    known, found = took(kind, sides, *takes)
    blocked = ""
    if known < gate.coverage_floor * sides.asked or not known:
        blocked = f"the {kind} of {known} of {sides.asked} examples is known on both sides"
    elif found is None:
        blocked = f"the baseline has no {kind} to compare with"
    if found is None:
        return Demand(kind, kind, limit, at_most=True, blocked=blocked)
    distance = log(found.value / limit) if found.logarithmic else found.value - limit
    spread = Spread(distance, found.mean.independent_error * found.mean.n**0.5, found.mean.design_effect)
    return Demand(kind, kind, limit, found.value, found.bounds, spread, at_most=True, blocked=blocked)


def took(kind: Literal["cost", "latency"], sides: Sides, candidate: Array, baseline: Array) -> tuple[int, Ratio | None]:
    """Of how many examples both sides' cost or latency is known, and the candidate's by the baseline's on these."""
    import numpy as np

    both = ~np.isnan(candidate) & ~np.isnan(baseline)
    clusters = [cluster for cluster, there in zip(sides.clusters, both, strict=True) if there]
    ratio = ratio_of_totals if kind == "cost" else typical_ratio
    return int(both.sum()), ratio(candidate[both], baseline[both], clusters) if clusters else None
