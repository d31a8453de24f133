"""Two variants on the same examples, each right or wrong: McNemar's exact test and Tango's interval.

`wins` are the examples that only the candidate gets right, `losses` those that only the baseline gets right.
"""

from math import sqrt

BISECTIONS = 60


def mcnemar(wins: int, losses: int) -> float:
    """The exact two-sided p-value of "both are right equally often"; 1 where they never differ.

    Of the examples on which they differ, each would go either way with probability 1/2. Takes them for independent.

    Sources: Q. McNemar (1947), Note on the sampling error of the difference between correlated proportions or
    percentages, Psychometrika 12, 153-157; F. Mosteller (1952), Some statistical problems in measuring the subjective
    response to drugs, Biometrics 8, 220-226 (exact).
    """
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def tango(wins: float, losses: float, n: float, z: float) -> tuple[float, float]:
    """The score interval of (wins - losses) / n: the differences that a score test with critical value *z* lets stand.

    Counts need not be whole: an effective sample takes wins, losses and n in proportion. Unlike a Wald or a bootstrap
    interval it has a width where no example, or every example, changed: z^2 / (n + z^2) to either side for none.

    Source: T. Tango (1998), Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design, Statistics in Medicine 17, 891-908, equations 7, 12 and 19 (the limits by bisection).

    Raises:
        ValueError: a count is negative, or there are more changes than examples.
    """
    if not (wins >= 0 and losses >= 0 and 0 < n >= wins + losses - 1e-9 * n):
        raise ValueError(f"{wins} wins and {losses} losses of {n}. Give counts of 0 or more that n holds, n above 0.")
    return -_upper(losses, wins, n, z), _upper(wins, losses, n, z)


def _upper(wins: float, losses: float, n: float, z: float) -> float:
    """The largest difference that is not refused: the statistic falls as the difference grows."""
    low, high = (wins - losses) / n, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _statistic(wins, losses, n, middle) > -z else (low, middle)
    return (low + high) / 2


def _statistic(wins: float, losses: float, n: float, difference: float) -> float:
    linear = -wins - losses + (2 * n - wins + losses) * difference
    constant = -losses * difference * (1 - difference)
    loss_rate = (sqrt(max(linear * linear - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = n * (2 * loss_rate + difference * (1 - difference))
    distance = wins - losses - n * difference
    # At -1 and 1 no other outcome is possible; a tie there is not refused.
    return distance / sqrt(variance) if variance > 0 else (0.0 if abs(distance) < 1e-9 else distance * float("inf"))
