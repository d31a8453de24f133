"""How many times as much the candidate takes as the baseline on the same examples: in all, or example by example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

from tasks.shared.statistics.clustered import ClusteredMean, clustered_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ratio:
    """A ratio, and the clustered mean that its error is that of: of the logarithm (`logarithmic`), or of itself."""

    value: float
    mean: ClusteredMean
    logarithmic: bool

    def bounds(self, tail: float) -> tuple[float, float]:
        """The bounds that the true ratio lies below, and above, with probability *tail* each; none with one cluster."""
        if self.mean.clusters < 2:
            return 0.0, float("inf")
        low, high = self.mean.bounds(tail)
        return (exp(low), exp(high)) if self.logarithmic else (max(low, 0.0), high)


def ratio_of_totals(above: Array, below: Array, clusters: Sequence[str]) -> Ratio | None:
    """sum(above) / sum(below) (n,); None where there is nothing below.

    Source: W. G. Cochran (1977), Sampling techniques, 3rd ed., section 2.11 (the residuals above - ratio * below, over
    the mean below, are what a ratio's error is made of); clusters as in `clustered`.
    """
    total = float(below.sum())
    if not total > 0:
        return None
    value = float(above.sum()) / total
    return Ratio(value, clustered_mean(value + (above - value * below) * (len(below) / total), clusters), False)


def typical_ratio(above: Array, below: Array, clusters: Sequence[str]) -> Ratio | None:
    """The geometric mean of above / below (n,) example by example; None where one of them is not above 0.

    A few answers that take very long move it little, and each example is its own yardstick.

    Source: D. G. Altman and J. M. Bland (1996), Transformations, means, and confidence intervals, BMJ 312, 1079.
    """
    import numpy as np

    if not len(above) or not (above > 0).all() or not (below > 0).all():
        return None
    mean = clustered_mean(np.log(above / below), clusters)
    return Ratio(exp(mean.value), mean, True)
