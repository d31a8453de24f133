"""Quantiles of a sample from any continuous distribution, and the ranks of the values around them."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import ceil, exp, lgamma, log, sqrt


def quantile(ordered: Sequence[float], p: float) -> float:
    """The smallest of the values, which are in ascending order, that at least the share *p* of them does not exceed.

    Raises:
        ValueError: there are no values, or *p* is not between 0 and 1.
    """
    if not len(ordered) or not 0 < p < 1:
        raise ValueError(f"no quantile {p} of {len(ordered)} values. Give at least one value and 0 < p < 1.")
    # 0.55 * 100 is 55.000000000000007: without the margin the rank would be 56.
    return float(ordered[max(ceil(len(ordered) * p - 1e-9), 1) - 1])


@lru_cache(maxsize=4096)
def quantile_ranks(n: int, p: float, level: float) -> tuple[int, int] | None:
    """Ranks (from 1) of the two order statistics that hold the *p* quantile with at least *level*, equal tails.

    None where no such pair exists. Distribution-free: how many of *n* values lie below the quantile is binomial.

    Source: W. J. Conover (1999), Practical nonparametric statistics, 3rd ed., section 3.2; H. A. David and
    H. N. Nagaraja (2003), Order statistics, 3rd ed., section 7.1.
    """
    if not 0 < p < 1:
        raise ValueError(f"no quantile {p}. Give 0 < p < 1.")
    tail, below, low = (1 - level) / 2, 0.0, 0
    for k, mass in _binomial(n, p):
        before, below = below, below + mass
        if before <= tail < below:
            low = k
        if below >= 1 - tail:
            return (low, k + 1) if low >= 1 and k + 1 <= n else None
    return None


def _binomial(n: int, p: float) -> Iterator[tuple[int, float]]:
    """Outcomes of a binomial with their probabilities, ascending, leaving out ten standard deviations of nothing."""
    k = max(0, int(n * p - 10 * sqrt(n * p * (1 - p))) - 1)
    mass = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p))
    while k <= n:
        yield k, mass
        mass *= (n - k) / (k + 1) * p / (1 - p)
        k += 1
