"""The share of units that have something, where units come in clusters that have it or lack it together."""

from dataclasses import dataclass

from tasks.shared.statistics.estimate import Estimate, Size, share_of_variance
from tasks.shared.statistics.intervals import LEVEL


@dataclass(frozen=True)
class ClusterSums:
    """Sums over clusters of their units and of those that have it, of the squares of both, and of their products."""

    clusters: int
    units: float
    having: float
    units_squared: float
    having_squared: float
    products: float


def cluster_share(sums: ClusterSums, level: float = LEVEL) -> Estimate | None:
    """The share *having* of *units* with the Wilson interval of its effective size; None without units.

    Sources: W. G. Cochran (1977), Sampling techniques, 3rd ed., section 3.12 (the variance of a share of cluster
    sampling, as a ratio); the interval as `share_of_variance`.
    """
    if not sums.units:
        return None
    value = min(sums.having / sums.units, 1.0)
    squares = sums.having_squared - 2 * value * sums.products + value**2 * sums.units_squared
    correction = sums.clusters / (sums.clusters - 1) if sums.clusters > 1 else 1.0
    variance = max(squares, 0.0) / sums.units**2 * correction
    size = Size(int(sums.units), sums.clusters, sums.units**2 / sums.units_squared)
    return share_of_variance(value, variance, size, level)
