"""How far a value departs from those of the same hours of earlier weeks, in standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt
from statistics import median

# The standard deviation of a normal distribution by its median absolute deviation.
NORMAL_MAD = 1.4826
# Variance of the median of so many independent normal values, by that of one.
MEDIAN_VARIANCE = {1: 1.0, 2: 0.5, 3: 0.4487, 4: 0.2982, 5: 0.2868, 6: 0.2147}
LEAST_RESIDUALS = 48
STEPS = 20


@dataclass(frozen=True)
class Point:
    """A value on a scale of differences (a logarithm, an arcsine root), and its variance from sampling alone."""

    value: float
    variance: float


@dataclass(frozen=True)
class Departure:
    """How far a value is from the *expected* one, and the standard error of that from sampling alone.

    `baseline` values told what to expect.
    """

    difference: float
    expected: float
    sampling_variance: float
    baseline: int

    def z(self, excess_variance: float) -> float:
        """The difference in standard errors, where values vary by *excess_variance* beside sampling."""
        excess = excess_variance * (1 + _of_median(self.baseline))
        return self.difference / sqrt(self.sampling_variance + excess)


def departure(now: Point, before: Sequence[Point]) -> Departure:
    """The departure of *now* from the median of *before*, the same hours of earlier weeks.

    Median: one bad week among them moves it little. Its error is that of the median of as many normal values.

    Source: P. J. Huber (1981), Robust statistics, section 1.1; H. A. David and H. N. Nagaraja (2003), Order statistics,
    3rd ed., section 8.6 (variance of the median).

    Raises:
        ValueError: there is nothing before.
    """
    if not before:
        raise ValueError("no value to compare with. Give at least one earlier week.")
    expected = median(point.value for point in before)
    mean_variance = sum(point.variance for point in before) / len(before)
    variance = now.variance + _of_median(len(before)) * mean_variance
    return Departure(now.value - expected, expected, variance, len(before))


def excess_variance(departures: Sequence[Departure]) -> float | None:
    """By how much values vary between weeks beside sampling, from recent *departures*; None with fewer than 48.

    The variance with which the departures in standard errors have a median absolute value of 1 / 1.4826, as normal ones
    have; 0 where sampling alone explains them. A few hours of trouble among them move it little.

    Source: F. R. Hampel (1974), The influence curve and its role in robust estimation, Journal of the American
    Statistical Association 69, 383-393 (median absolute deviation); R. C. Paule and J. Mandel (1982), Consensus values
    and weighting factors, Journal of Research of the National Bureau of Standards 87, 377-385 (the equation that gives
    the variance between, here with the robust measure in place of the sum of squares).
    """
    if len(departures) < LEAST_RESIDUALS:
        return None
    if _spread(departures, 0.0) <= 1:
        return 0.0
    low, high = 0.0, max(each.difference**2 for each in departures) * NORMAL_MAD**2
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _spread(departures, middle) > 1 else (low, middle)
    return high


def _spread(departures: Sequence[Departure], excess: float) -> float:
    return NORMAL_MAD * median(abs(each.z(excess)) for each in departures)


def _of_median(count: int) -> float:
    return MEDIAN_VARIANCE.get(count, pi / (2 * count))
