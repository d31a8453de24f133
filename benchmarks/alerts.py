"""False alerts in sixty quiet days of fifty simulated series, and how fast drops are found, by length of the window.

All series are simulated: weekly and daily rhythm of volume, rates, latency and cost; more variation between hours than
sampling alone makes (beta-binomial shares, a lognormal factor on each hour's latencies and costs), half of it lasting
for most of a day; errors of a trace together. Every built-in rule that is measured by the hour looks at fifty series,
those that compare weeks also, in the first world, with other windows at a change of 5 %.
"""

import argparse
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import log, sqrt
from typing import Any

import numpy as np

from benchmarks.measure import Figure, at_most, write_results
from deployments.simulator.rhythm import HOUR_WEIGHTS, WEEKDAY_FACTORS
from tasks.alerts.history import History, Hour
from tasks.alerts.measure import all_measures
from tasks.alerts.readings import Readings
from tasks.alerts.replaying import DROPS, Replay, replay
from tasks.alerts.rule import AGAINST_WEEKS, Rule, rule_of
from tasks.alerts.rulebook import shipped_rules
from tasks.alerts.verdicts import HISTORY_DAYS, Judgement
from tasks.shared.records import HOUR
from tasks.shared.settings import AlertSettings
from tasks.shared.statistics.poisson import poisson_interval
from tasks.shared.statistics.sketch import GROWTH, written
from tasks.shared.statistics.sums import Sums

SERIES, DAYS, SEEDS = 50, 60, 3
FIRST = dt.datetime(2026, 8, 3, tzinfo=dt.UTC)
HOURS = [FIRST + n * HOUR for n in range(HISTORY_DAYS * 24)]
RHYTHM = np.array([WEEKDAY_FACTORS[at.weekday()] * HOUR_WEIGHTS[at.hour] for at in HOURS])
RHYTHM = RHYTHM / RHYTHM.mean()
# Busy hours are a little slower and fail a little more often.
LOAD = np.sqrt(RHYTHM / RHYTHM.max())
# Of each series, drawn anew for each seed: units an hour on average, median latency, cost of a unit.
BUSY, JUDGED, RATED = (20, 400), (4, 80), (0.5, 8)
LATENCIES_MS, COSTS_USD = (80, 3000), (0.001, 0.1)
OVERDISPERSION, HOURLY_FACTOR, SPANS_OF_A_TRACE = 0.004, 0.05, 2
# How much of an hour's deviation is left in the next one; that of a share, on its logarithm.
LASTING, LASTING_SHARE = 0.9, 0.1
BUDGET_USD, OF_BUDGET = 100.0, (0.4, 0.7)
WINDOWS, CHANGE = ("1h", "6h", "1d"), "5 %"


@dataclass(frozen=True)
class Replayed:
    """One rule over one simulated world."""

    built_in: bool
    window: str
    effect: str
    replay: Replay

    @property
    def name(self) -> str:
        """What was replayed, in words."""
        return f"{self.replay.rule}, {self.window}" + ("" if self.built_in else f", at {self.effect}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options, began = parser.parse_args(), time.monotonic()
    worlds = [(seed, metric) for seed in range(options.seeds) for metric in WORLDS]
    with ProcessPoolExecutor() as processes:
        found = [each for world in processes.map(of_world, worlds) for each in world]
    write_results("alerts", [*figures(found), Figure("time", round(time.monotonic() - began), "s")])


def of_world(world: tuple[int, str]) -> list[Replayed]:
    """Every rule on a metric over one simulated world of it."""
    seed, metric = world
    draw, history = np.random.default_rng([seed, *metric.encode()]), History()
    for number in range(SERIES):
        for at, hour in zip(HOURS, WORLDS[metric](draw), strict=True):
            if hour.sums.n:
                history.add(metric, f"name=span-{number:02}", at, hour)
    history.measured[metric] = set(HOURS)
    readings = Readings(metric, all_measures()[metric], history)
    found, ends = [], [at + HOUR for at in HOURS[-DAYS * 24 :]]
    for rule, window, effect, built_in in rules_on(metric):
        if built_in or seed == 0:
            # Amounts are far from limits and changes of 50 % when they move by 5 to 20 %. One seed: it takes long.
            drops = DROPS if seed == 0 and (readings.measure.unit == "share" or not built_in) else ()
            replayed = replay(Judgement(rule, readings, AlertSettings(), BUDGET_USD), ends, drops=drops)
            found.append(Replayed(built_in, window, effect, replayed))
    return found


def rules_on(metric: str) -> Iterator[tuple[Rule, str, str, bool]]:
    """The built-in rules on a metric, with their window and least effect, and whether they are as built in.

    Those that compare weeks come once more for each other window or smaller change. A week's or month's budget is left
    out: it adds exact sums up as a day's does.
    """
    for name, keys in shipped_rules().items():
        window = keys.get("window", "1h")
        if keys.get("metric") != metric or window in ("this week", "this month"):
            continue
        built_in = named(name, keys)
        yield built_in, window, keys.get("minimum_effect", ""), True
        for other_window in WINDOWS if built_in.sense in AGAINST_WEEKS else ():
            other = named(name, keys | {"window": other_window, "minimum_effect": CHANGE})
            if other.digest != built_in.digest:
                yield other, other_window, CHANGE, False


def named(name: str, keys: dict[str, Any]) -> Rule:
    """The rule, with every simulated name as a series."""
    return rule_of(name, keys | {"by": "name"}, all_measures(), {"channels": (), "owner": "nobody"})


def counts(draw: np.random.Generator, busy: tuple[float, float]) -> np.ndarray:
    """Units of each hour of one series."""
    return draw.poisson(np.exp(draw.uniform(*np.log(busy))) * RHYTHM)


def lasting(draw: np.random.Generator) -> np.ndarray:
    """Standard normal deviations of the hours, each of which lasts into the next ones."""
    fresh = draw.standard_normal(len(HOURS))
    for n in range(1, len(fresh)):
        fresh[n] = LASTING * fresh[n - 1] + sqrt(1 - LASTING**2) * fresh[n]
    return fresh


def factors(draw: np.random.Generator) -> np.ndarray:
    """How much slower or dearer than usual each hour is."""
    return np.exp(HOURLY_FACTOR * (draw.standard_normal(len(HOURS)) + lasting(draw)))


def shares(
    draw: np.random.Generator,
    busy: tuple[float, float],
    rates: tuple[float, float],
    size: int = 1,
    *,
    good: bool = False,
) -> Iterator[Hour]:
    """Hours of clusters of *size* units, all of which are bad in some; values are 1 for bad, or *good*, units."""
    clusters = counts(draw, (busy[0] / size, busy[1] / size))
    rate = np.exp(draw.uniform(*np.log(rates))) * (0.7 + 0.6 * LOAD) * np.exp(LASTING_SHARE * lasting(draw))
    scale = (1 - OVERDISPERSION) / OVERDISPERSION
    bad = draw.binomial(clusters, draw.beta(rate * scale, (1 - rate) * scale))
    for n, ones in zip(clusters.tolist(), (clusters - bad if good else bad).tolist(), strict=True):
        m = size
        yield Hour(Sums(m * n, n, float(m * n), float(m * ones), m * m * n, m * m * ones, m * m * ones))


def latencies(draw: np.random.Generator) -> Iterator[Hour]:
    """Hours of lognormal latencies with a tail, as sketches."""
    middle = np.exp(draw.uniform(*np.log(LATENCIES_MS))) * (0.8 + 0.4 * LOAD) * factors(draw)
    for n, median in zip(counts(draw, BUSY).tolist(), middle.tolist(), strict=True):
        values = median * np.exp(draw.normal(0, 0.5, n))
        buckets = np.ceil(np.log(values) / log(GROWTH)).astype(int)
        yield replace(amounts(values), sketch=written(Counter(buckets.tolist())))


def costs(draw: np.random.Generator) -> Iterator[Hour]:
    """Hours of costs; the dearest weekday is expected to take so much of the budget of a day."""
    units, middle = counts(draw, BUSY), factors(draw)
    each = draw.uniform(*OF_BUDGET) * BUDGET_USD / (units.reshape(-1, 24).sum(axis=1).mean() * max(WEEKDAY_FACTORS))
    for n, dear in zip(units.tolist(), (each * middle).tolist(), strict=True):
        yield amounts(dear * np.exp(draw.normal(-0.125, 0.5, n)))


def spans(draw: np.random.Generator) -> Iterator[Hour]:
    """Hours of nothing but numbers of spans."""
    for n in counts(draw, BUSY).tolist():
        yield amounts(np.ones(n))


def amounts(values: np.ndarray) -> Hour:
    """An hour of amounts, each of a trace of its own."""
    n, total = len(values), float(values.sum())
    return Hour(Sums(n, n, float(n), total, float(n), float((values**2).sum()), total))


WORLDS: dict[str, Callable[[np.random.Generator], Iterator[Hour]]] = {
    "latency_p95_ms": latencies,
    "error_rate": partial(shares, busy=BUSY, rates=(0.002, 0.025), size=SPANS_OF_A_TRACE),
    "pass_rate": partial(shares, busy=JUDGED, rates=(0.03, 0.2), good=True),
    "cost_usd": costs,
    "hallucination_rate": partial(shares, busy=JUDGED, rates=(0.01, 0.06)),
    "satisfaction": partial(shares, busy=RATED, rates=(0.03, 0.08), good=True),
    "slow_traces": partial(shares, busy=BUSY, rates=(0.005, 0.1)),
    "spans": spans,
}


def figures(found: list[Replayed]) -> list[Figure]:
    """False alerts a week in all, by window and by rule; drops found within two days, and after how many hours."""
    built_in, others = [each for each in found if each.built_in], [each for each in found if not each.built_in]
    yielded = weekly("built-in rules", built_in)
    for what, some in ("built-in rules", built_in), (f"rules against weeks at {CHANGE}", others):
        for window in dict.fromkeys(each.window for each in some):
            yielded += weekly(f"{what}, {window}", [each for each in some if each.window == window])
    for name in dict.fromkeys(each.name for each in found):
        mine = [each for each in found if each.name == name]
        yielded.append(Figure(f"{name}: false alerts", round(false_alerts(mine) / weeks(mine), 4), "a week"))
        for drop in mine[0].replay.drops:
            shown = f"{name}: simulated drop of {drop.drop:.0%}"
            yielded.append(Figure(f"{shown}, found", round(drop.found / max(drop.tries, 1), 4), "share"))
            if drop.median_hours is not None:
                yielded.append(Figure(f"{shown}, after", drop.median_hours, "h"))
    return yielded


def weekly(what: str, found: list[Replayed]) -> list[Figure]:
    """The false alerts a week of these replays together, with their interval."""
    false = false_alerts(found)
    low, high = poisson_interval(false)
    shown = f"{what}: {len({each.name for each in found})} on {SERIES} series each"
    return [
        at_most(f"{shown}, false alerts", false / weeks(found), "a week", 1.0),
        Figure(f"{what}: lower end of the 95 % interval", round(low / weeks(found), 4), "a week"),
        Figure(f"{what}: upper end", round(high / weeks(found), 4), "a week"),
    ]


def weeks(found: list[Replayed]) -> float:
    """How many weeks were replayed: each of the rules over as many worlds."""
    return len(found) / len({each.name for each in found}) * DAYS / 7


def false_alerts(found: list[Replayed]) -> int:
    """How many alerts were raised, though nothing had happened."""
    return sum(len(each.replay.alerts) for each in found)


if __name__ == "__main__":
    main()
