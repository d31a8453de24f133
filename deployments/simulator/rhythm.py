"""When simulated people are at work: weekly and daily seasonality, latencies with a tail, token counts."""

import datetime as dt
import random

from deployments.simulator.prices import Usage
from deployments.simulator.traffic import Traffic

NS_PER_S = 1_000_000_000
WEEKDAY_FACTORS = (1.15, 1.25, 1.25, 1.2, 1.15, 0.55, 0.45)  # Monday first, mean 1
HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 4, 7, 11, 14, 15, 13, 10, 12, 15, 14, 11, 8, 5, 4, 3, 2, 2, 1)
LAST_START_S = 23 * 3600 + 1200  # a session begun by then ends before midnight, so that days add up


def spans_of_day(traffic: Traffic, day: dt.date) -> int:
    """How many spans that day should have; any two whole weeks add up to the target."""
    return round(traffic.spans / traffic.days * WEEKDAY_FACTORS[day.weekday()])


def start_ns(rng: random.Random, day: dt.date) -> int:
    """A moment of *day*, ns since the epoch, more likely in working hours."""
    hour = rng.choices(range(24), HOUR_WEIGHTS)[0]
    second = min(hour * 3600 + rng.random() * 3600, LAST_START_S)
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    return int(midnight.timestamp()) * NS_PER_S + int(second * NS_PER_S)


def around(rng: random.Random, median: float, spread: float = 0.35) -> float:
    """A log-normal value: most near *median*, a tail above."""
    return median * rng.lognormvariate(0.0, spread)


def llm_ms(rng: random.Random, usage: Usage) -> float:
    """Latency of a model call: time to the first token, then so much per token."""
    return around(rng, 320.0) + usage.completion * around(rng, 9.0, 0.2)


def tokens_of(text: str) -> int:
    """About how many tokens *text* has."""
    return max(1, len(text) // 4)
