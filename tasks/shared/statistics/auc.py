"""How well scores tell two groups apart: the area under the ROC curve, and its interval."""

from collections.abc import Callable, Sequence
from math import sqrt
from statistics import NormalDist

from tasks.shared.statistics.estimate import Estimate
from tasks.shared.statistics.intervals import LEVEL

HALVINGS = 60


def auc(higher: Sequence[float], lower: Sequence[float], level: float = LEVEL) -> Estimate:
    """The probability that a score of *higher* is above one of *lower*, ties counting half; scores are independent.

    It is the Mann-Whitney statistic over the number of pairs: 0.5 where the groups are alike, 1 where they are apart.
    The interval inverts the score test with Hanley and McNeil's variance, so it stays in [0, 1] and has a width where
    the groups are entirely apart. Source: R. G. Newcombe (2006), Confidence intervals for an effect size measure based
    on the Mann-Whitney statistic, part 2, Statistics in Medicine 25, 559-573 (method 5).

    Raises:
        ValueError: a group is empty.
    """
    if not higher or not lower:
        raise ValueError(f"{len(higher)} scores against {len(lower)}. Give at least one of each.")
    value = _pairs_won(higher, lower) / (len(higher) * len(lower))
    z = NormalDist().inv_cdf((1 + level) / 2)

    def plausible(theta: float) -> bool:
        return abs(value - theta) <= z * sqrt(variance(theta, len(higher), len(lower)))

    low = _edge(value, 0.0, plausible)
    high = _edge(value, 1.0, plausible)
    n = len(higher) + len(lower)
    return Estimate(value, low, high, sqrt(variance(value, len(higher), len(lower))), n, n, n)


def variance(theta: float, m: int, n: int) -> float:
    """Variance of the estimate where the area is *theta*, for groups of *m* and *n*, as in Newcombe's method 5."""
    more = (m + n) / 2 - 1
    return theta * (1 - theta) * (1 + more * (1 - theta) / (2 - theta) + more * theta / (1 + theta)) / (m * n)


def _pairs_won(higher: Sequence[float], lower: Sequence[float]) -> float:
    """Pairs in which the score of *higher* is above, by ranks."""
    ranked = sorted([(score, True) for score in higher] + [(score, False) for score in lower])
    won, below, start = 0.0, 0, 0
    while start < len(ranked):
        stop = start
        while stop < len(ranked) and ranked[stop][0] == ranked[start][0]:
            stop += 1
        ours = sum(mine for _, mine in ranked[start:stop])
        theirs = stop - start - ours
        won += ours * (below + theirs / 2)
        below += theirs
        start = stop
    return won


def _edge(inside: float, outside: float, plausible: Callable[[float], bool]) -> float:
    """The last plausible value on the way from the estimate to the end of the scale, by bisection."""
    if plausible(outside):
        return outside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if plausible(middle) else (inside, middle)
    return inside
