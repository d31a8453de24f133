"""Two-sided intervals: of a share, of a mean, of a quantile. A sum or a count of everything there was has none."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

from tasks.shared.statistics.order_statistics import quantile_ranks
from tasks.shared.statistics.student import t_quantile

LEVEL = 0.95


def wilson(successes: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of the share of *successes* among *n* independent trials.

    Unlike the textbook interval it keeps its coverage near 0 and 1 and in small samples, and never leaves [0, 1].

    Source: E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the
    American Statistical Association 22, 209-212.

    Raises:
        ValueError: there are no trials, or not 0 <= successes <= n.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials. Give at least one trial and 0 <= successes <= n.")
    return score_interval(successes / n, n, level)


def score_interval(share: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's interval of a *share* known as well as from *n* independent trials; *n* need not be whole.

    For estimates whose effective sample size is not their number of units. Source: as `wilson`.

    Raises:
        ValueError: *n* is not positive, or *share* is outside [0, 1].
    """
    if not (n > 0 and 0 <= share <= 1):
        raise ValueError(f"share {share} of {n} trials. Give a share from 0 to 1 and more than 0 trials.")
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = share + z * z / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # Exact at both ends, where rounding would leave 1e-17 instead of 0.
    low = 0.0 if share == 0 else (centre - reach) / scale
    high = 1.0 if share == 1 else (centre + reach) / scale
    return low, high


def student(mean: float, standard_error: float, n: int, level: float = LEVEL) -> tuple[float, float] | None:
    """Student's interval of the mean of *n* independent values, by its standard error; fewer than two have none.

    Source: Student (1908), The probable error of a mean, Biometrika 6, 1-25.
    """
    if n < 2:
        return None
    reach = t_quantile((1 + level) / 2, n - 1) * standard_error
    return mean - reach, mean + reach


def quantile_interval(ordered: Sequence[float], p: float, level: float = LEVEL) -> tuple[float, float] | None:
    """The interval of the *p* quantile between two of the values, which are in ascending order.

    A tail quantile of a small sample has none: p99 needs 368 values. Sources: see `quantile_ranks`.
    """
    ranks = quantile_ranks(len(ordered), p, level)
    return (float(ordered[ranks[0] - 1]), float(ordered[ranks[1] - 1])) if ranks else None
