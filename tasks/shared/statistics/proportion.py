"""A share of successes."""

from math import sqrt
from statistics import NormalDist

from tasks.shared.statistics.estimate import LEVEL, Estimate


def wilson(successes: int, n: int, level: float = LEVEL) -> Estimate:
    """The share of *successes* among *n* independent trials, with the score interval.

    Unlike the textbook interval it keeps its coverage near 0 and 1 and in small samples, and never leaves [0, 1].

    Source: E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the
    American Statistical Association 22, 209-212.

    Raises:
        ValueError: there are no trials, or not 0 <= successes <= n.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials. Give at least one trial and 0 <= successes <= n.")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # Exact at both ends, where rounding would leave 1e-17 instead of 0.
    low = 0.0 if successes == 0 else (centre - reach) / scale
    high = 1.0 if successes == n else (centre + reach) / scale
    return Estimate(share, n, low, high)
