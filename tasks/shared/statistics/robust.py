"""How far a value lies from earlier ones of its kind, by median and MAD, which single odd days hardly move."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from statistics import median

LEAST_VALUES = 4
WEEK = dt.timedelta(weeks=1)
WEEKS_BACK = 8
# The MAD of normal values is their standard deviation over this.
NORMAL_MAD = 1.4826
# By how much the MAD of so few normal values comes out too small.
SMALL_SAMPLE = {4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}


@dataclass(frozen=True)
class Place:
    """Where a value stands: `z` robust standard deviations from the `median` of `n` earlier ones."""

    z: float
    median: float
    spread: float
    n: int

    def usual(self, deviations: float = 1.96) -> tuple[float, float]:
        """What lies within so many *deviations*."""
        return self.median - deviations * self.spread, self.median + deviations * self.spread


def place(value: float, earlier: Sequence[float], least_spread: float = 0.05) -> Place | None:
    """Where *value* stands among *earlier* ones; None with fewer than LEAST_VALUES, which tell no usual spread.

    The spread is that of a new value around the median of so few: it holds the median's own error. It is at least
    *least_spread* of the median, so that a series that hardly moves makes no news of pennies. Without any spread z is
    0.

    Sources: F. R. Hampel (1974), The influence curve and its role in robust estimation, Journal of the American
    Statistical Association 69, 383-393 (MAD); C. Croux and P. J. Rousseeuw (1992), Time-efficient algorithms for two
    highly robust estimators of scale, Computational Statistics 1, 411-428 (the factors for few values: n / (n - 0.8)
    from 10 on); B. Iglewicz and D. C. Hoaglin (1993), How to detect and handle outliers (the modified z score); the
    median's variance is pi / (2 n) of a normal value's.
    """
    n = len(earlier)
    if n < LEAST_VALUES:
        return None
    middle = float(median(earlier))
    mad = NORMAL_MAD * SMALL_SAMPLE.get(n, n / (n - 0.8)) * median(abs(each - middle) for each in earlier)
    spread = max(mad, least_spread * abs(middle)) * sqrt(1 + pi / (2 * n))
    return Place((value - middle) / spread if spread else 0.0, middle, spread, n)


def same_weekdays(values: Mapping[dt.date, float], day: dt.date, weeks: int = WEEKS_BACK) -> list[float]:
    """The values of the same weekday in the *weeks* before *day*, as far as they are known, oldest first."""
    days = (day - i * WEEK for i in range(weeks, 0, -1))
    return [values[each] for each in days if each in values]
