"""The exact interval of a rate at which independent events happen."""

from tasks.shared.statistics.intervals import LEVEL


def poisson_interval(events: int, level: float = LEVEL) -> tuple[float, float]:
    """The bounds of the expected number of events where *events* happened.

    Source: F. Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437-442.

    Raises:
        ValueError: *events* is negative.
    """
    from scipy.special import gammaincinv

    if events < 0:
        raise ValueError(f"{events} events. Give 0 or more.")
    tail = (1 - level) / 2
    low = float(gammaincinv(events, tail)) if events else 0.0
    return low, float(gammaincinv(events + 1, 1 - tail))
