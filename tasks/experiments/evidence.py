"""What the scores of one metric say beside the verdict: both rates, a test, a second interval, what could be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tasks.experiments.demands import seen_difference
from tasks.experiments.rates import USUAL_TAIL, Rate, rate, usable
from tasks.shared.statistics.cluster_means import bootstrap_mean
from tasks.shared.statistics.matched import mcnemar
from tasks.shared.statistics.power import Deviation, binary_deviation, detectable, graded_deviation
from tasks.shared.statistics.several import holm
from tasks.shared.statistics.sign_flips import sign_flips

if TYPE_CHECKING:
    from tasks.experiments.paired import Array, Paired
    from tasks.shared.statistics.difference import Difference

Test = Literal["McNemar, exact", "sign flips by cluster"]


@dataclass(frozen=True)
class Evidence:
    """One metric over the examples with both scores, as the evaluator saw it, with 95 % intervals.

    `p_value` is that of "both variants are alike", `p_adjusted` Holm's over the gate's metrics. `bootstrap` is a second
    interval of the difference, for comparison. `better` and `worse` are the examples that changed, by their ids, the
    largest changes first. `churn` is the share that changes beyond the net difference, None for graded scores.
    """

    pair: Paired
    n: int
    clusters: int
    baseline: Rate | None
    candidate: Rate | None
    seen: Difference | None = None
    bootstrap: tuple[float, float] | None = None
    p_value: float = 1.0
    p_adjusted: float = 1.0
    test: Test = "sign flips by cluster"
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    churn: float | None = None

    @property
    def information(self) -> float:
        """The share of a true difference that the judge sees, where its calibration is used; else 1."""
        known = usable(self.pair)
        return known.information if known else 1.0

    def detectable(self, margin: float, tail: float) -> float | None:
        """How far below -margin a true difference would have been told to be worse, with power 80 %."""
        if self.seen is None:
            return None
        n, share = self.n / self.seen.mean.design_effect, self.information
        found = detectable(self.deviation, n, self.seen.mean.degrees, tail, at=-margin * share, towards=-1)
        return found / share

    @property
    def deviation(self) -> Deviation:
        """How one example's difference varies, by the true difference."""
        if self.churn is not None:
            return binary_deviation(self.churn)
        return graded_deviation(self.seen.deviation if self.seen else 1.0)


def evidence(pairs: Sequence[Paired]) -> list[Evidence]:
    """The evidence of every metric of a gate."""
    found = [_evidence(pair) for pair in pairs]
    adjusted = holm([each.p_value for each in found])
    return [replace(each, p_adjusted=p) for each, p in zip(found, adjusted, strict=True)]


def _evidence(pair: Paired) -> Evidence:
    differences, clusters = pair.differences, pair.paired_clusters
    baseline, candidate = (_rate(pair, scores) for scores in (pair.baseline, pair.candidate))
    if not len(differences):
        return Evidence(pair, 0, 0, baseline, candidate)
    seen = seen_difference(pair)
    better, worse = _changes(pair)
    plain = set(differences.tolist()) <= {-1.0, 0.0, 1.0} and len(set(clusters)) == len(clusters)
    return Evidence(
        pair=pair,
        n=len(differences),
        clusters=seen.mean.clusters,
        baseline=baseline,
        candidate=candidate,
        seen=seen,
        bootstrap=bootstrap_mean(differences, clusters, USUAL_TAIL),
        p_value=mcnemar(len(better), len(worse)) if plain else sign_flips(differences, clusters),
        test="McNemar, exact" if plain else "sign flips by cluster",
        better=better,
        worse=worse,
        churn=churn_of(seen) if pair.binary else None,
    )


def churn_of(seen: Difference) -> float:
    """The share of examples that change both ways, with one more of either way: of few, none seen is not none there."""
    return (2 * min(seen.gain, seen.loss) + 1) / (seen.mean.n + 1)


def _rate(pair: Paired, scores: Array) -> Rate | None:
    """The mean of the examples with both scores, as the evaluator saw it."""
    import numpy as np

    return rate(replace(pair, calibration=None), np.where(pair.both, scores, np.nan))


def _changes(pair: Paired) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The examples that are better, and those that are worse."""
    ids = [example for example, both in zip(pair.example_ids, pair.both, strict=True) if both]
    found = sorted(zip(pair.differences.tolist(), ids, strict=True))
    return tuple(i for d, i in reversed(found) if d > 0), tuple(i for d, i in found if d < 0)
