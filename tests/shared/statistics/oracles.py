"""What estimates are compared with: textbook formulas, written once more for the tests."""

from collections.abc import Sequence
from math import atan, cos, exp, fsum, lgamma, log, pi, sin, sqrt

from tasks.shared.statistics.intervals import student


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Student's 95 % interval of the mean of independent *values*."""
    n = len(values)
    if n < 2:
        return None
    mean = fsum(values) / n
    return student(mean, sqrt(fsum((v - mean) ** 2 for v in values) / (n - 1) / n), n)


def central_probability(t: float, degrees: int) -> float:
    """The probability that Student's t lies within [-t, t]: Abramowitz and Stegun (1964), 26.7.3 and 26.7.4."""
    angle, odd = atan(t / sqrt(degrees)), degrees % 2
    term, terms = cos(angle) if odd else 1.0, []
    for k in range(odd + 1, degrees, 2):
        terms.append(term)
        term *= cos(angle) ** 2 * k / (k + 1)
    return 2 / pi * (angle + sin(angle) * fsum(terms)) if odd else sin(angle) * fsum(terms)


def rank_coverage(n: int, p: float, low: int, high: int) -> float:
    """The probability that the *p* quantile lies between the order statistics of ranks *low* and *high*."""
    ranks = range(low, min(high, n + 1))
    ways = (lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in ranks)
    chances = (k * log(p) + (n - k) * log(1 - p) for k in ranks)
    return fsum(exp(way + chance) for way, chance in zip(ways, chances, strict=True))
