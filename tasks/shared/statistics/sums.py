"""A share or a mean from sums that can be added up over hours: what is kept of units when they are too many to keep."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter

from tasks.shared.statistics.estimate import Estimate, Size, mean_of_variance, share_of_variance
from tasks.shared.statistics.intervals import LEVEL


@dataclass(frozen=True)
class Sums:
    """Of `n` units in `clusters` traces: m is a trace's sum of weights, y its sum of weight times value.

    `weight` is sum(m), `total` sum(y), `weight_squares` sum(m^2), `total_squares` sum(y^2), `products` sum(m y). Sums
    of two hours add up; a trace that begins units in both counts as two.
    """

    n: int = 0
    clusters: int = 0
    weight: float = 0.0
    total: float = 0.0
    weight_squares: float = 0.0
    total_squares: float = 0.0
    products: float = 0.0


COLUMNS = attrgetter(*(field.name for field in fields(Sums)))


def added_up(several: Iterable[Sums]) -> Sums:
    """The sums of all of them together."""
    return Sums(*(sum(column) for column in zip(*map(COLUMNS, several), strict=True)))


def share_of_sums(sums: Sums, level: float = LEVEL) -> Estimate | None:
    """The share total / weight of values 0 and 1 with its Wilson interval of the effective size; None without units.

    Variance: that of a ratio of sums over traces, sum((y - share m)^2) / weight^2, times clusters / (clusters - 1).

    Source: W. G. Cochran (1977), Sampling techniques, 3rd ed., equation 6.13; the interval as `share_of_variance`.
    """
    if not sums.weight > 0:
        return None
    value = min(1.0, max(0.0, sums.total / sums.weight))
    return share_of_variance(value, _variance(sums, value), _size(sums), level)


def mean_of_sums(sums: Sums, level: float = LEVEL) -> Estimate | None:
    """The mean total / weight of any values with Student's interval; None with fewer than two traces.

    Source: as `share_of_sums`.
    """
    if not sums.weight > 0 or sums.clusters < 2:
        return None
    value = sums.total / sums.weight
    return mean_of_variance(value, _variance(sums, value), _size(sums), level)


def _variance(sums: Sums, value: float) -> float:
    squares = sums.total_squares - 2 * value * sums.products + value**2 * sums.weight_squares
    correction = sums.clusters / (sums.clusters - 1) if sums.clusters > 1 else 1.0
    return max(0.0, squares) / sums.weight**2 * correction


def _size(sums: Sums) -> Size:
    return Size(sums.n, sums.clusters, sums.weight**2 / sums.weight_squares)
