"""A mean."""

from collections.abc import Sequence
from math import fsum, sqrt

from tasks.shared.statistics.estimate import LEVEL, Estimate
from tasks.shared.statistics.student import t_quantile


def mean(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """The mean of independent *values* with Student's interval; one value has no interval.

    Source: Student (1908), The probable error of a mean, Biometrika 6, 1-25.

    Raises:
        ValueError: there are no values.
    """
    n = len(values)
    if n < 1:
        raise ValueError("no values. Give at least one.")
    centre = fsum(values) / n
    error = sqrt(fsum((v - centre) ** 2 for v in values) / (n - 1) / n) if n > 1 else 0.0
    return mean_from(centre, error, n, level)


def mean_from(value: float, standard_error: float, n: int, level: float = LEVEL) -> Estimate:
    """The same from a mean of *n* values and its standard error, both computed elsewhere."""
    if n < 2:
        return Estimate(value, n)
    reach = t_quantile((1 + level) / 2, n - 1) * standard_error
    return Estimate(value, n, value - reach, value + reach)
