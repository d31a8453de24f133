"""How far a figure moved between two independent samples, from the figure's interval in each."""

from dataclasses import dataclass
from math import exp, hypot, log

from tasks.shared.statistics.intervals import LEVEL


@dataclass(frozen=True)
class Bounded:
    """A figure and the ends of its interval."""

    value: float
    low: float
    high: float


def difference(now: Bounded, before: Bounded) -> Bounded:
    """*now* - *before* with an interval of the level that both have.

    Of two shares with Wilson's intervals it is Newcombe's tenth; the same recovery of variances from the ends serves
    means, quantiles and anything else whose intervals need not be symmetric.

    Sources: R. G. Newcombe (1998), Interval estimation for the difference between independent proportions: comparison
    of eleven methods, Statistics in Medicine 17, 873-890; G. Y. Zou and A. Donner (2008), Construction of confidence
    limits about effect measures: a general approach, Statistics in Medicine 27, 1693-1702.
    """
    moved = now.value - before.value
    down = hypot(now.value - now.low, before.high - before.value)
    up = hypot(now.high - now.value, before.value - before.low)
    return Bounded(moved, moved - down, moved + up)


def relative(now: Bounded, before: Bounded) -> Bounded | None:
    """*now* / *before* - 1, by the difference of the logarithms; None where one of them, or an end, is not above 0.

    Source: as `difference` (their section on ratios).
    """
    if min(now.value, now.low, before.value, before.low) <= 0:
        return None
    logs = (Bounded(log(it.value), log(it.low), log(it.high)) for it in (now, before))
    moved = difference(*logs)
    return Bounded(exp(moved.value) - 1, exp(moved.low) - 1, exp(moved.high) - 1)


def total_of_arrivals(total: float, squares: float, largest: float, level: float = LEVEL) -> Bounded | None:
    """What a *total* of things that arrive independently, of different sizes, says of the rate behind it.

    *squares* is the sum of their squared sizes, *largest* the largest size. A day's spans are such a total: sessions
    arrive, each with as many spans as it has. None where there is nothing.

    Source: M. P. Fay and E. J. Feuer (1997), Confidence intervals for directly standardized rates: a method based on
    the gamma distribution, Statistics in Medicine 16, 791-801.
    """
    from scipy.special import gammaincinv

    if total <= 0 or squares <= 0:
        return None
    tail = (1 - level) / 2
    low = squares / total * gammaincinv(total**2 / squares, tail)
    above, wider = total + largest, squares + largest**2
    high = wider / above * gammaincinv(above**2 / wider, 1 - tail)
    return Bounded(total, float(low), float(high))
