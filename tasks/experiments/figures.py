"""Every figure of a comparison: of both variants, and between them, each with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Literal, NamedTuple

from tasks.experiments.demands import seen_difference
from tasks.experiments.rates import rate, usable
from tasks.shared.records import Direction, Metric
from tasks.shared.statistics.clustered import clustered_mean
from tasks.shared.statistics.difference import Difference
from tasks.shared.statistics.intervals import quantile_interval
from tasks.shared.statistics.judged_difference import judged_difference
from tasks.shared.statistics.ratio import Ratio, ratio_of_totals, typical_ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tasks.experiments.paired import Paired, Sides

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

TAIL = 0.025
Unit = Literal["score", "usd", "ms", "tokens"]


@dataclass(frozen=True)
class Figure:
    """One measure of both variants; None where nobody knows it.

    `change` is the candidate's score minus the baseline's (`difference/...`), or how many times as much the candidate
    takes (`ratio/...`); its interval is that of pairs.
    """

    name: str
    unit: Unit
    direction: Direction
    baseline: Metric | None
    candidate: Metric | None
    change: Metric | None


def figures(sides: Sides) -> list[Figure]:
    """Scores first, then what both variants took."""
    return [*(figure for pair in sides.pairs for figure in score_figures(pair)), *consumption(sides)]


def score_figures(pair: Paired) -> list[Figure]:
    """The scores as the evaluator gave them; beside them the true rates, where the errors of a judge are known."""
    plain = replace(pair, calibration=None)
    raw = _score_figure("score", plain, seen_difference(pair) if pair.both.any() else None)
    calibration = usable(pair)
    if calibration is None or not pair.both.any():
        return [raw]
    seen = seen_difference(pair)
    low, high = judged_difference(seen.value, seen.bounds(TAIL), calibration, TAIL)[1:]
    true = _Change(seen.value / calibration.information, max(low, -1.0), min(high, 1.0))
    return [raw, _score_figure("score_corrected", pair, true)]


def consumption(sides: Sides) -> list[Figure]:
    """Cost and tokens per answer, latency at its median and in its tail."""
    baseline, candidate = sides.baseline, sides.candidate
    cost = _taken(sides, "cost_usd", "usd", baseline.cost_usd, candidate.cost_usd)
    tokens = _taken(sides, "tokens", "tokens", baseline.tokens, candidate.tokens)
    latency = [
        Figure(
            name,
            "ms",
            "minimize",
            _quantile(name, baseline.latency_ms, p),
            _quantile(name, candidate.latency_ms, p),
            _ratio("latency_ms", sides, typical_ratio, baseline.latency_ms, candidate.latency_ms) if p == 0.5 else None,
        )
        for name, p in (("latency_ms/p50", 0.5), ("latency_ms/p95", 0.95))
    ]
    return [cost, *latency, tokens]


def within(pair: Paired, stratum: str) -> Paired:
    """The pairs of one stratum."""
    kept = [i for i, name in enumerate(pair.strata) if name == stratum]
    return replace(
        pair,
        example_ids=tuple(pair.example_ids[i] for i in kept),
        clusters=tuple(pair.clusters[i] for i in kept),
        strata=tuple(pair.strata[i] for i in kept),
        baseline=pair.baseline[kept],
        candidate=pair.candidate[kept],
        eligible=pair.eligible[kept],
        shares=None if pair.shares is None else pair.shares[kept],
    )


def by_stratum(sides: Sides) -> Mapping[str, list[Figure]]:
    """The scores of each stratum, where there are several."""
    strata = sorted(set(sides.strata))
    if len(strata) < 2:
        return {}
    return {stratum: [score_figures(within(pair, stratum))[0] for pair in sides.pairs] for stratum in strata}


class _Change(NamedTuple):
    """A difference that is positive where the candidate is better, with its bounds."""

    value: float
    low: float
    high: float


def _score_figure(kind: str, pair: Paired, change: Difference | _Change | None) -> Figure:
    name, eligible = f"{kind}/{pair.metric}", int(pair.eligible.sum())
    sides = []
    for scores in (pair.baseline, pair.candidate):
        found = rate(pair, scores)
        low, high = _finite(*found.bounds(TAIL)) if found else (None, None)
        sides.append(Metric(name, found.value, found.n, found.n / eligible, low, high, unit="score") if found else None)
    return Figure(name, "score", pair.direction, sides[0], sides[1], _change(name, pair, change))


def _change(name: str, pair: Paired, change: Difference | _Change | None) -> Metric | None:
    """In the score's own direction: of a score to minimize, better is less."""
    if change is None:
        return None
    low, high = change[1:] if isinstance(change, _Change) else change.bounds(TAIL)
    if pair.sign < 0:
        low, high = -high, -low
    n = int(pair.both.sum())
    return Metric(
        f"difference/{name}", pair.sign * change.value, n, pair.coverage, *_finite(low, high), unit="difference"
    )


def _taken(sides: Sides, name: str, unit: Unit, baseline: Array, candidate: Array) -> Figure:
    means = []
    for values in (baseline, candidate):
        known, clusters = _known(values, sides.clusters)
        mean = clustered_mean(known, clusters) if len(known) else None
        low, high = _finite(*mean.bounds(TAIL)) if mean else (None, None)
        # Skewness may carry the lower end of a small mean below nothing.
        low = None if low is None else max(low, 0.0)
        means.append(Metric(name, mean.value, mean.n, mean.n / len(values), low, high, unit=unit) if mean else None)
    return Figure(name, unit, "minimize", means[0], means[1], _ratio(name, sides, ratio_of_totals, baseline, candidate))


def _ratio(name: str, sides: Sides, of: _Ratio, baseline: Array, candidate: Array) -> Metric | None:
    """How many times as much the candidate takes, over the examples of which both are known."""
    import numpy as np

    both = ~np.isnan(baseline) & ~np.isnan(candidate)
    clusters = [cluster for cluster, known in zip(sides.clusters, both, strict=True) if known]
    found = of(candidate[both], baseline[both], clusters) if both.any() else None
    if found is None:
        return None
    n = int(both.sum())
    return Metric(f"ratio/{name}", found.value, n, n / len(both), *_finite(*found.bounds(TAIL)), unit="ratio")


def _quantile(name: str, values: Array, p: float) -> Metric | None:
    import numpy as np

    ordered = np.sort(values[~np.isnan(values)])
    if not len(ordered):
        return None
    low, high = quantile_interval(ordered.tolist(), p) or (None, None)
    value = float(np.quantile(ordered, p))
    return Metric(name, value, len(ordered), len(ordered) / len(values), low, high, unit="ms")


def _finite(low: float, high: float) -> tuple[float | None, float | None]:
    """The bounds, none where one of them says nothing."""
    return (low, high) if isfinite(low) and isfinite(high) else (None, None)


def _known(values: Array, clusters: Sequence[str]) -> tuple[Array, list[str]]:
    import numpy as np

    known = ~np.isnan(values)
    return values[known], [cluster for cluster, there in zip(clusters, known, strict=True) if there]


if TYPE_CHECKING:
    from collections.abc import Callable

    _Ratio = Callable[[Array, Array, Sequence[str]], Ratio | None]
