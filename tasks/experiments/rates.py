"""One variant's mean score, and the judge's errors taken out of it where they are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tasks.shared.statistics.clustered import ClusteredMean, clustered_mean
from tasks.shared.statistics.corrected import LEAST_INFORMATION, corrected
from tasks.shared.statistics.estimate import Estimate
from tasks.shared.statistics.exact_share import exact_share
from tasks.shared.statistics.hajek import hajek

if TYPE_CHECKING:
    from tasks.experiments.paired import Array, Paired
    from tasks.shared.statistics.judged_difference import Calibration

# A calibration that says too little at this tail is not used at all.
USUAL_TAIL = 0.025


@dataclass(frozen=True)
class Rate:
    """A mean score with its bounds; `corrected` where a judge's errors are taken out, `refusal` why they cannot be.

    `deviation` is that of one example's score, `effect` the design effect.
    """

    value: float
    bounds: Callable[[float], tuple[float, float]]
    n: int
    deviation: float
    effect: float
    corrected: bool = False
    refusal: str = ""


def usable(pair: Paired) -> Calibration | None:
    """The judge's calibration where it can correct with it: a judge that says pass or fail, labels that say enough."""
    known = pair.calibration if pair.binary and pair.judged else None
    return known if known and not known.refusal(USUAL_TAIL) else None


def mistrust(pair: Paired) -> str:
    """Why the judge is not to be trusted: by the labels there are it is hardly better than a coin. Empty otherwise."""
    known = pair.calibration if pair.binary and pair.judged else None
    return known.refusal(USUAL_TAIL) if known and known.information < LEAST_INFORMATION else ""


def rate(pair: Paired, scores: Array) -> Rate | None:
    """The mean of one side's *scores* (n,) of *pair*, nan left out; None where there is none."""
    import numpy as np

    known = ~np.isnan(scores)
    values = scores[known]
    clusters = [cluster for cluster, there in zip(pair.clusters, known, strict=True) if there]
    if not len(values):
        return None
    mean = clustered_mean(values, clusters)
    if values.min() < 0 or values.max() > 1:
        return Rate(mean.value, mean.bounds, mean.n, _deviation(mean), mean.design_effect)
    calibration = usable(pair)
    if calibration:
        return _corrected(pair, values, clusters, calibration)
    bounds = partial(_share_bounds, values, clusters)
    return Rate(mean.value, bounds, mean.n, _deviation(mean), mean.design_effect)


def _corrected(pair: Paired, values: Array, clusters: Sequence[str], calibration: Calibration) -> Rate:
    """The true pass rate, or fail rate of a metric to minimize. Labels are of other units than the examples."""
    turned = pair.direction == "minimize"
    passes = 1 - values if turned else values

    def at(tail: float) -> tuple[float | None, float, float, str]:
        found = corrected(_share(passes, clusters, tail), calibration.tpr, calibration.tnr, level=1 - 2 * tail)
        if found.value is None or found.low is None or found.high is None:
            return None, 0.0, 1.0, found.refusal
        # The interval's centre is moved, and may leave the value outside of it.
        low, high = min(found.low, found.value), max(found.high, found.value)
        return (1 - found.value, 1 - high, 1 - low, "") if turned else (found.value, low, high, "")

    value, _, _, refusal = at(USUAL_TAIL)
    mean = clustered_mean(values, clusters)
    return Rate(
        value=mean.value if value is None else value,
        bounds=lambda tail: at(tail)[1:3],
        n=mean.n,
        deviation=_deviation(mean) / calibration.information,
        effect=mean.design_effect,
        corrected=value is not None,
        refusal=refusal,
    )


def _deviation(mean: ClusteredMean) -> float:
    """Standard deviation of one score; where all are the same, as if one of two more were another (Laplace)."""
    if mean.independent_error > 0:
        return float(mean.independent_error * mean.n**0.5)
    return float((1 / (mean.n + 2)) ** 0.5)


def _share(values: Array, clusters: Sequence[str], tail: float) -> Estimate:
    found = hajek(values.tolist(), [1.0] * len(values), clusters, level=1 - 2 * tail)
    if found is None:
        raise ValueError("no values. Give at least one.")
    return found


def _share_bounds(values: Array, clusters: Sequence[str], tail: float) -> tuple[float, float]:
    """Exact ones for passes and fails, of the effective size; and for scores that are all the same."""
    found = _share(values, clusters, tail)
    if set(values.tolist()) <= {0.0, 1.0} or not found.standard_error:
        return exact_share(found.value, min(found.effective_n, found.n), tail)
    return found.low, found.high
