"""How much two shares of independent units differ, with an interval."""

from math import sqrt

from tasks.shared.statistics.intervals import LEVEL, wilson


def share_difference(
    successes: int, n: int, before_successes: int, before_n: int, *, level: float = LEVEL
) -> tuple[float, float, float]:
    """The first share minus the one before, and the interval's two ends, within [-1, 1].

    The hybrid score interval: the distances of Wilson's bounds, added in squares. It keeps its coverage in small
    samples and near 0 and 1.

    Source: R. G. Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of
    eleven methods, Statistics in Medicine 17, 873-890, method 10.

    Raises:
        ValueError: As `wilson`.
    """
    first, before = successes / n, before_successes / before_n
    low, high = wilson(successes, n, level)
    before_low, before_high = wilson(before_successes, before_n, level)
    difference = first - before
    return (
        difference,
        difference - sqrt((first - low) ** 2 + (before_high - before) ** 2),
        difference + sqrt((high - first) ** 2 + (before - before_low) ** 2),
    )
