"""What a comparison can tell: the least difference it decides on four times in five, and what n that takes."""

from collections.abc import Callable, Sequence
from math import ceil, sqrt
from statistics import NormalDist
from typing import Literal

from tasks.shared.statistics.student import t_quantile

POWER = 0.8
# What is planned for, so that the power is 80 % at least: error and design effect are themselves estimated from the
# examples, which costs 1 to 3 points of it (benchmarks/gate.py).
PLANNED = 0.85
NORMAL = NormalDist()
BISECTIONS = 50
STEPS = 20
# Deviation of one example's difference, when the true difference is the argument.
Deviation = Callable[[float], float]


def binary_deviation(churn: float) -> Deviation:
    """Of right or wrong answers: *churn* is the share of examples that change beyond the net difference.

    A share c + |d| of the examples changes, d of them on balance, so the variance is c + |d| - d^2.

    Source: J. T. Connor (1987), Sample size for testing differences in proportions for the paired-sample design,
    Biometrics 43, 207-211 (variance of the difference from the discordant share).
    """

    def deviation(difference: float) -> float:
        changed = min(churn + abs(difference), 1.0)
        return sqrt(max(changed - difference * difference, 0.0))

    return deviation


def graded_deviation(deviation: float) -> Deviation:
    """Of graded scores: the same wherever the difference lies."""
    return lambda _difference: deviation


def design_effect(sizes: Sequence[int], correlation: float) -> float:
    """How many examples in clusters of these *sizes* are worth one independent one, from the correlation within them.

    Source: L. Kish (1965), Survey sampling, section 5.4, with the size-weighted mean size of S. M. Kerry and J. M.
    Bland (2001), Unequal cluster sizes for trials in English and Welsh general practice, Statistics in Medicine 20,
    377-390.
    """
    return 1 + (sum(size * size for size in sizes) / sum(sizes) - 1) * correlation


def detectable(
    deviation: Deviation,
    n: float,
    degrees: int,
    tail: float,
    *,
    at: float = 0.0,
    towards: Literal[-1, 1] = 1,
    power: float = PLANNED,
) -> float:
    """The distance from *at*, upwards or downwards, at which a true difference is told from it with *power*.

    *n* is the effective number of examples, *degrees* those of the error. Never less than 1 / n. The test's quantile
    counts deviations as the test sees them, those at *at* or at the true difference, whichever is larger; the power's
    quantile those at the true difference. Student's quantiles added are the noncentral t's but for a few thousandths.

    Sources: J. Nam (1997), Establishing equivalence of two treatments and sample size requirements in matched-pairs
    design, Biometrics 53, 1422-1430 (a deviation of its own under either hypothesis); S. A. Julious (2004), Sample
    sizes for clinical trials with normal data, Statistics in Medicine 23, 1921-1986, sections 2 and 5.

    Raises:
        ValueError: *n* is not positive.
    """
    if not n > 0:
        raise ValueError(f"{n} examples. Give more than 0.")
    tested, told = t_quantile(1 - tail, degrees) / sqrt(n), t_quantile(power, degrees) / sqrt(n)
    low, high = 1 / n, max(1 / n, 2 * (tested + told) * max(deviation(at), 1.0))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        true = deviation(at + towards * middle)
        low, high = (middle, high) if tested * max(deviation(at), true) + told * true > middle else (low, middle)
    return high


def needed(
    deviation: float, distance: float, tail: float, *, effect: float = 1.0, power: float = PLANNED
) -> int | None:
    """How many examples tell a difference from one that is *distance* away; None where that is next to nothing.

    *effect* is the design effect. None too where nobody knows the *deviation* (nan). Planned and with Student's
    quantiles as `detectable`, whose source it has: these ask for more examples, and more ask for less.
    """
    if not abs(distance) > 1e-3 * deviation:
        return None
    scale = effect * (deviation / distance) ** 2
    count = scale * (NORMAL.inv_cdf(1 - tail) + NORMAL.inv_cdf(power)) ** 2
    for _ in range(STEPS):
        degrees = max(int(count / effect) - 1, 1)
        count = (count + scale * (t_quantile(1 - tail, degrees) + t_quantile(power, degrees)) ** 2) / 2
    return max(ceil(count), 1)
