"""False alerts in sixty quiet days of fifty simulated series, and how fast drops are found.

All series are simulated: weekly and daily rhythm of volume, error rate and latency; more variation between hours than
sampling alone makes (beta-binomial errors, a lognormal factor on each hour's latencies); errors of a trace together.
"""

import argparse
import datetime as dt
import time
from collections import Counter
from math import log
from typing import Any

import numpy as np

from benchmarks.measure import Figure, at_most, write_results
from deployments.simulator.rhythm import HOUR_WEIGHTS, WEEKDAY_FACTORS
from tasks.alerts.history import History, Hour
from tasks.alerts.measure import all_measures
from tasks.alerts.readings import Readings
from tasks.alerts.replaying import DROPS, Replay, replay
from tasks.alerts.rule import Rule, rule_of
from tasks.alerts.rulebook import shipped_rules
from tasks.alerts.verdicts import HISTORY_DAYS, Judgement
from tasks.shared.records import HOUR
from tasks.shared.settings import AlertSettings
from tasks.shared.statistics.poisson import poisson_interval
from tasks.shared.statistics.sketch import GROWTH, written
from tasks.shared.statistics.sums import Sums

SERIES, DAYS, SEEDS = 50, 60, 3
FIRST = dt.datetime(2026, 8, 3, tzinfo=dt.UTC)
# Each series: units an hour on average, usual error rate, median latency; drawn anew for each seed.
BUSY, RATES, LATENCIES_MS = (20, 400), (0.002, 0.025), (80, 3000)
OVERDISPERSION, HOURLY_FACTOR, SPANS_OF_A_TRACE = 0.004, 0.05, 2
CHANGE_RULES = ("error_rate_rises", "latency_rises")
LIMIT_RULES = ("error_rate", "latency_p95")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    began, found = time.monotonic(), [rule for seed in range(options.seeds) for rule in of_seed(seed)]
    write_results("alerts", [*figures(found, options.seeds), Figure("time", round(time.monotonic() - began), "s")])


def of_seed(seed: int) -> list[Replay]:
    """Every rule that is measured hourly, by span name, over one simulated world."""
    history = world(np.random.default_rng(seed))
    ends = [FIRST + n * HOUR for n in range((HISTORY_DAYS - DAYS) * 24 + 1, HISTORY_DAYS * 24 + 1)]
    found = []
    for name in (*CHANGE_RULES, *LIMIT_RULES):
        rule = by_name(name)
        readings = Readings(rule.metric, all_measures()[rule.metric], history)
        # Drops are looked for with the first seed: that is two thirds of the time.
        found.append(replay(Judgement(rule, readings, AlertSettings()), ends, drops=DROPS if seed == 0 else ()))
    return found


def by_name(name: str) -> Rule:
    """The shipped rule, with every span name as a series."""
    keys: dict[str, Any] = shipped_rules()[name] | {"by": "name"}
    return rule_of(name, keys, all_measures(), {"channels": (), "owner": "nobody"})


def world(draw: np.random.Generator) -> History:
    """Fifty quiet series: errors and latencies."""
    history, hours = History(), [FIRST + n * HOUR for n in range(HISTORY_DAYS * 24)]
    rhythm = np.array([WEEKDAY_FACTORS[at.weekday()] * HOUR_WEIGHTS[at.hour] for at in hours])
    rhythm = rhythm / rhythm.mean()
    # Busy hours are a little slower and fail a little more often.
    load = np.sqrt(rhythm / rhythm.max())
    for number in range(SERIES):
        series = f"name=span-{number:02}"
        traces = draw.poisson(np.exp(draw.uniform(*np.log(BUSY))) * rhythm / SPANS_OF_A_TRACE)
        rate = np.exp(draw.uniform(*np.log(RATES))) * (0.7 + 0.6 * load)
        a, b = rate * (1 - OVERDISPERSION) / OVERDISPERSION, (1 - rate) * (1 - OVERDISPERSION) / OVERDISPERSION
        failed = draw.binomial(traces, draw.beta(a, b))
        middle = np.exp(draw.uniform(*np.log(LATENCIES_MS)))
        slower = middle * (0.8 + 0.4 * load) * np.exp(draw.normal(0, HOURLY_FACTOR, len(hours)))
        for at, count, bad, median in zip(hours, traces.tolist(), failed.tolist(), slower.tolist(), strict=True):
            if count:
                history.add("error_rate", series, at, errors(count, bad))
                history.add("latency_p95_ms", series, at, latencies(draw, count, median))
            history.measured["error_rate"].add(at)
            history.measured["latency_p95_ms"].add(at)
    return history


def errors(traces: int, bad: int) -> Hour:
    """An hour of traces with two spans each, both of which fail in the *bad* ones."""
    m = SPANS_OF_A_TRACE
    sums = Sums(m * traces, traces, float(m * traces), float(m * bad), m * m * traces, m * m * bad, m * m * bad)
    return Hour(sums)


def latencies(draw: np.random.Generator, count: int, median: float) -> Hour:
    """An hour of lognormal latencies with a tail, as a sketch."""
    values = median * np.exp(draw.normal(0, 0.5, count))
    buckets = np.ceil(np.log(values) / log(GROWTH)).astype(int)
    total = float(values.sum())
    sums = Sums(count, count, float(count), total, float(count), float((values**2).sum()), total)
    return Hour(sums, written(Counter(buckets.tolist())))


def figures(found: list[Replay], seeds: int) -> list[Figure]:
    """False alerts a week in all and by rule; drops found within two days, and after how many hours."""
    weeks = seeds * DAYS / 7
    false = sum(len(each.alerts) for each in found)
    low, high = poisson_interval(false)
    yielded = [
        at_most(f"false alerts, {SERIES} series, 4 rules on each", false / weeks, "a week", 1.0),
        Figure("the same, upper end of the 95 % interval", round(high / weeks, 4), "a week"),
        Figure("the same, lower end", round(low / weeks, 4), "a week"),
    ]
    for name in (*CHANGE_RULES, *LIMIT_RULES):
        mine = [each for each in found if each.rule == name]
        yielded.append(Figure(f"{name}: false alerts", round(sum(len(e.alerts) for e in mine) / weeks, 4), "a week"))
        for drop in mine[0].drops:
            shown = f"{name}: simulated drop of {drop.drop:.0%}"
            yielded.append(Figure(f"{shown}, found", round(drop.found / max(drop.tries, 1), 4), "share"))
            if drop.median_hours is not None:
                yielded.append(Figure(f"{shown}, after", drop.median_hours, "h"))
    return yielded


if __name__ == "__main__":
    main()
