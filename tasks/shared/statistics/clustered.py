"""The mean of values that come in clusters (sessions, templates): its error, and how many values it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cbrt, inf, sqrt
from typing import TYPE_CHECKING, Any

from tasks.shared.statistics.estimate import NO_VARIANCE
from tasks.shared.statistics.student import t_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NO_SKEWNESS = 1e-6


@dataclass(frozen=True)
class ClusteredMean:
    """A mean of `n` values in `clusters`, its cluster-robust error, and that of as many independent values.

    `like_sized` is the number of clusters of one size that would tell as much if clusters were all of a piece, n^2 over
    the sum of their squared sizes. `skewness` is that of the mean, not of the values. `standard_error` is nan with one
    cluster.
    """

    value: float
    standard_error: float
    independent_error: float
    n: int
    clusters: int
    like_sized: float
    skewness: float

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the error, 1 at least: of few large clusters the small ones say little."""
        return max(int(self.like_sized) - 1, 1)

    @property
    def design_effect(self) -> float:
        """How many clustered values are worth one independent one, 1 at least; the worst there is without variance."""
        if not self.standard_error > NO_VARIANCE or not self.independent_error > NO_VARIANCE:
            return self.n / self.like_sized
        return max((self.standard_error / self.independent_error) ** 2, 1.0)

    def bounds(self, tail: float, least: float = -inf) -> tuple[float, float]:
        """The bounds that the true mean lies below, and above, with probability *tail* each (up to 0.5).

        Values that are never below *least*, such as costs, have no bound below it.

        Student's, with the skewness taken out: a few large losses among many examples without any make the plain
        interval miss at twice its rate on that side. nan with one cluster.

        Source: P. Hall (1992), On the removal of skewness by transformation, Journal of the Royal Statistical Society B
        54, 221-228 (his g hat, inverted).
        """
        t = t_quantile(1 - tail, self.degrees)
        low, high = (self.value - self.standard_error * self._unskewed(x) for x in (t, -t))
        return max(low, least), high

    def _unskewed(self, x: float) -> float:
        a = self.skewness
        return x if abs(a) < NO_SKEWNESS else 3 / a * (cbrt(1 + a * (x - a / 6)) - 1)


def of_sums(sums: Mapping[str, Any]) -> ClusteredMean:
    """The mean of `n` values from sums over `clusters`, as `clustered_mean` has it of the values themselves.

    *sums* has n, clusters, the values' total, squared_sizes (of the clusters' sizes), and the squares and cubes of each
    cluster's sum of residuals. The error of independent values cannot be told from these.
    """
    n, clusters, squares = sums["n"], sums["clusters"], sums["squares"]
    robust = sqrt(clusters / (clusters - 1) * squares) / n if clusters > 1 else float("nan")
    skewness = sums["cubes"] / squares**1.5 if squares > NO_VARIANCE else 0.0
    like_sized = n * n / sums["squared_sizes"]
    return ClusteredMean(sums["total"] / n, robust, float("nan"), n, clusters, like_sized, skewness)


def clustered_mean(values: Array, clusters: Sequence[str]) -> ClusteredMean:
    """The mean of *values* (n,), values of one cluster being anything but independent.

    Sources: K.-Y. Liang and S. L. Zeger (1986), Longitudinal data analysis using generalized linear models, Biometrika
    73, 13-22 (the sandwich), with clusters / (clusters - 1) as in A. C. Cameron and D. L. Miller (2015), A
    practitioner's guide to cluster-robust inference, Journal of Human Resources 50, 317-372, equation 11; A. V. Carter,
    K. T. Schnepel and D. G. Steigerwald (2017), Asymptotic behavior of a t-test robust to cluster heterogeneity, Review
    of Economics and Statistics 99, 698-709 (effective number of clusters, here for clusters all of a piece).

    Raises:
        ValueError: there are no values, or not one cluster for each.
    """
    import numpy as np

    n = len(values)
    if n == 0 or len(clusters) != n:
        raise ValueError(f"{n} values and {len(clusters)} clusters. Give at least one value, and a cluster for each.")
    names, codes = np.unique(np.asarray(clusters), return_inverse=True)
    count, sizes = len(names), np.bincount(codes).astype(float)
    value = float(values.mean())
    residuals = values - value
    parts = np.bincount(codes, residuals)
    robust = sqrt(count / (count - 1) * float(parts @ parts)) / n if count > 1 else float("nan")
    independent = sqrt(float(residuals @ residuals) / (n * (n - 1))) if n > 1 else float("nan")
    squares = float(parts @ parts)
    skewness = float((parts**3).sum()) / squares**1.5 if squares > NO_VARIANCE else 0.0
    return ClusteredMean(value, robust, independent, n, count, n * n / float(sizes @ sizes), skewness)
