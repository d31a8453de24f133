"""How far a value departs from those of the same hours of earlier weeks, in standard errors."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from statistics import median

from tasks.shared.statistics.student import t_quantile

# The standard deviation of a normal distribution by its median absolute deviation.
NORMAL_MAD = 1.4826
# Variance of the median of so many independent normal values, by that of one.
MEDIAN_VARIANCE = {1: 1.0, 2: 0.5, 3: 0.4487, 4: 0.2982, 5: 0.2868, 6: 0.2147}
# The variance of a standard deviation of normal values, by that of one made of their median absolute deviation.
MAD_EFFICIENCY = 0.3675
LEAST_WINDOWS = 7
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


@dataclass(frozen=True)
class Variation:
    """By how much values vary between weeks beside sampling, known with so many *degrees* of freedom."""

    variance: float
    degrees: int

    def beyond(self, z: float, tail: float) -> bool:
        """Whether a departure of *z* standard errors or more has a chance of *tail* at most where nothing changed."""
        return z > t_quantile(1 - tail, self.degrees)


def variation(departures: Sequence[Departure], windows: int) -> Variation | None:
    """How values vary between weeks, from recent *departures*; None where these are of fewer than 7 *windows*.

    Variance: that with which the departures in standard errors have a median absolute value of 1 / 1.4826, as normal
    ones have; 0 where sampling alone explains them. A few hours of trouble among them move it little.

    Degrees of freedom: 0.3675 for each of the *windows*, no two of which overlap (`not_overlapping`). The median
    absolute deviation of n values errs as much as the standard deviation of 0.3675 n, and a departure by its standard
    error is then about as Student's t. The departures may be of windows that do overlap: together they tell somewhat
    more than those that do not, never less. What they tell more is left as room for hours that go together.

    Sources: F. R. Hampel (1974), The influence curve and its role in robust estimation, Journal of the American
    Statistical Association 69, 383-393 (median absolute deviation); R. C. Paule and J. Mandel (1982), Consensus values
    and weighting factors, Journal of Research of the National Bureau of Standards 87, 377-385 (the equation that gives
    the variance between, here with the robust measure in place of the sum of squares); P. J. Rousseeuw and C. Croux
    (1993), Alternatives to the median absolute deviation, Journal of the American Statistical Association 88,
    1273-1283, section 1 (its efficiency of 37 %); F. E. Satterthwaite (1946), An approximate distribution of estimates
    of variance components, Biometrics Bulletin 2, 110-114 (degrees of freedom by the variance of the variance);
    M. S. Meketon and B. Schmeiser (1984), Overlapping batch means: something for nothing?, Proceedings of the 1984
    Winter Simulation Conference, 227-230 (overlapping windows tell more than others, by a half at most for variances).
    """
    if windows < LEAST_WINDOWS:
        return None
    degrees = int(MAD_EFFICIENCY * windows)
    squares = [(each.difference**2, each.sampling_variance, 1 + _of_median(each.baseline)) for each in departures]

    def usual_square(excess: float) -> float:
        return median(square / (sampling + excess * share) for square, sampling, share in squares)

    if usual_square(0.0) <= NORMAL_MAD**-2:
        return Variation(0.0, degrees)
    low, high = 0.0, max(square for square, _, _ in squares) * NORMAL_MAD**2
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if usual_square(middle) > NORMAL_MAD**-2 else (low, middle)
    return Variation(high, degrees)


def not_overlapping(ends: Iterable[dt.datetime], length: dt.timedelta) -> int:
    """How many of the windows of this *length* can be chosen so that no two overlap.

    Source: J. Kleinberg and É. Tardos (2006), Algorithm design, section 4.1 (the earliest end first).
    """
    count, last = 0, dt.datetime.min.replace(tzinfo=dt.UTC)
    for end in sorted(ends):
        if end - length >= last:
            count, last = count + 1, end
    return count


def _of_median(count: int) -> float:
    return MEDIAN_VARIANCE.get(count, pi / (2 * count))
