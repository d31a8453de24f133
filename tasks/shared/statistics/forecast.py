"""What the days to come will take, from the days so far: weekly rhythm, drift, and how unsure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WEEK = 7
# Older days tell less of the next ones than they mislead.
MOST_DAYS = 56
LEAST_DAYS, LEAST_OF_A_WEEKDAY = 28, 3
# A day that took a smaller share of the dearest one is a gap and no part of the rhythm; its logarithm would be all.
LEAST_SHARE = 0.001
# Variance of a day's step of the level, as a share of a day's noise; and the weight of each before any day is seen.
STEPS = {0.0: 4, 0.001: 1, 0.003: 1, 0.01: 1, 0.03: 1, 0.1: 1, 0.3: 1}
DRAWS = 4000
SEED = 1964
NO_RESIDUAL = 1e-18


@dataclass(frozen=True)
class Forecast:
    """Simulated futures: `paths` (draws, days), what each day to come takes in each of them; `days` observed."""

    paths: Array
    days: int

    def first(self, days: int) -> Forecast:
        """The first *days* of it."""
        return Forecast(self.paths[:, :days], self.days)

    def running(self) -> list[float]:
        """The median of what all days up to each one take together."""
        import numpy as np

        return [float(value) for value in np.median(self.paths.cumsum(axis=1), axis=0)]

    def total(self, so_far: float = 0.0) -> tuple[float, float, float]:
        """Median and 95 % interval of *so_far* and all the days to come."""
        import numpy as np

        low, middle, high = np.quantile(self.paths.sum(axis=1), (0.025, 0.5, 0.975)) + so_far
        return float(middle), float(low), float(high)

    def reached(self, amount: float) -> tuple[int | None, int | None, int | None]:
        """On which day to come (0 is the first) the running sum is *amount*: median, and the ends of the 95 % interval.

        None where it is not reached by the last day.
        """
        import numpy as np

        over = self.paths.cumsum(axis=1) >= amount
        first = np.where(over.any(axis=1), over.argmax(axis=1), over.shape[1])
        days = np.quantile(first, (0.5, 0.025, 0.975), method="inverted_cdf")
        middle, low, high = (int(day) if day < over.shape[1] else None for day in days)
        return middle, low, high


def refusal(daily: Sequence[float | None]) -> str:
    """Why *daily* (consecutive days, None unknown) is too little to go by; empty where it is enough."""
    known = [i for i, value in enumerate(daily[-MOST_DAYS:]) if value is not None]
    if len(known) < LEAST_DAYS:
        return f"{len(known)} days are known, and at least {LEAST_DAYS} are needed to tell a weekly rhythm from chance"
    least = min(sum(i % WEEK == weekday for i in known) for weekday in range(WEEK))
    if least < LEAST_OF_A_WEEKDAY:
        return f"one weekday is known {least} times only, and at least {LEAST_OF_A_WEEKDAY} are needed"
    return ""


def forecast(daily: Sequence[float | None], ahead: int, *, draws: int = DRAWS, seed: int = SEED) -> Forecast:
    """The *ahead* days after *daily* (consecutive days, oldest first, nothing below 0, None where unknown).

    A regression of the last MOST_DAYS on weekday and a straight line, with a level that wanders as a random walk; of
    logarithms, or of the values themselves where a day took next to nothing. Everything unknown is integrated out, so
    that the interval has the uncertainty of the weekly rhythm, the slope, the noise, and of how much the level wanders
    (on the grid STEPS). A weekday that never took anything is taken to go on so.

    Sources: R. J. Hyndman and G. Athanasopoulos (2021), Forecasting: principles and practice, 3rd ed., sections 5.6
    (forecasts of logarithms, transformed back path by path), 7.4 (weekday dummies and trend) and 11.3 (sums of days by
    simulated paths); D. A. Harville (1974), Bayesian inference for variance components using only error contrasts,
    Biometrika 61, 383-385 (the likelihood of a step); A. Zellner (1971), An introduction to Bayesian inference in
    econometrics, section 8.2 (the predictive t distribution).

    Raises:
        ValueError: the history is too little (see `refusal`), or has a value below 0.
    """
    import numpy as np

    if why := refusal(daily):
        raise ValueError(f"no forecast: {why}.")
    if any(value < 0 for value in daily if value is not None):
        raise ValueError("no forecast: a day took less than nothing. Give values of 0 and above.")
    daily = daily[-MOST_DAYS:]
    idle = [all(value == 0 for value in daily[weekday::WEEK] if value is not None) for weekday in range(WEEK)]
    known = np.array([i for i, value in enumerate(daily) if value is not None and not idle[i % WEEK]], dtype=int)
    future = np.arange(len(daily), len(daily) + ahead)
    paths = np.zeros((draws, ahead))
    awake = np.array([not idle[i % WEEK] for i in future], dtype=bool)
    values = np.array([daily[i] for i in known], dtype=float)
    if len(known) and awake.any():
        logarithmic = bool(values.min() > LEAST_SHARE * values.max())
        drawn = _paths(known, np.log(values) if logarithmic else values, future[awake], draws, seed)
        paths[:, awake] = np.exp(drawn) if logarithmic else np.maximum(drawn, 0)
    return Forecast(paths, sum(value is not None for value in daily))


def _paths(known: Array, values: Array, future: Array, draws: int, seed: int) -> Array:
    """Draws (draws, len(future)) of the predictive distribution of what *values* (n,) at the days *known* go on to."""
    import numpy as np

    rng = np.random.default_rng(seed)
    fits = [_fit(known, values, future, step) for step in STEPS]
    evidence = np.array([fit[0] for fit in fits])
    weights = np.exp(evidence - evidence.max()) * np.array(list(STEPS.values()))
    counts = rng.multinomial(draws, weights / weights.sum())
    parts = []
    for (_, mean, factor, degrees), count in zip(fits, counts, strict=True):
        spread = np.sqrt(degrees / rng.chisquare(degrees, size=(count, 1)))
        parts.append(mean + spread * (rng.standard_normal((count, len(future))) @ factor.T))
    return np.concatenate(parts)


def _fit(known: Array, values: Array, future: Array, step: float) -> tuple[float, Array, Array, int]:
    """Log evidence of *step*; mean, factor of the scale matrix and degrees of freedom of the predictive t."""
    import numpy as np

    before, after = _design(known, known), _design(future, known)
    origin = known[0]
    covariance = np.eye(len(known)) + step * np.minimum.outer(known - origin, known - origin)
    between = step * np.minimum.outer(future - origin, known - origin)
    root = np.linalg.cholesky(covariance)
    x, y, link = np.linalg.solve(root, before), np.linalg.solve(root, values), np.linalg.solve(root, between.T)
    information = x.T @ x
    beta = np.linalg.solve(information, x.T @ y)
    residual = y - x @ beta
    degrees = len(known) - x.shape[1]
    squares = max(float(residual @ residual), NO_RESIDUAL)
    evidence = -np.log(np.diag(root)).sum() - np.linalg.slogdet(information)[1] / 2 - degrees / 2 * np.log(squares)
    unseen = after - link.T @ x
    scale = (
        np.eye(len(future))
        + step * np.minimum.outer(future - origin, future - origin)
        - link.T @ link
        + unseen @ np.linalg.solve(information, unseen.T)
    )
    factor = np.linalg.cholesky(scale) * np.sqrt(squares / degrees)
    return float(evidence), after @ beta + link.T @ residual, factor, degrees


def _design(days: Array, known: Array) -> Array:
    """One column for each weekday that *known* has, and a straight line (len(days), columns)."""
    import numpy as np

    weekdays = np.unique(known % WEEK)
    return np.column_stack([days[:, None] % WEEK == weekdays, (days - known.mean()) / WEEK]).astype(float)
