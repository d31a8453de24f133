"""A rule over hours of the past: when it would have fired, and how long it takes to find a simulated drop."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from random import Random
from statistics import median

from tasks.alerts.history import History, Hour
from tasks.alerts.life_cycle import Book, events_at
from tasks.alerts.measure import Measure
from tasks.alerts.readings import Readings
from tasks.alerts.rule import Rule
from tasks.alerts.verdicts import Judgement
from tasks.shared.alert_history import Alert, alerts_of
from tasks.shared.records import HOUR
from tasks.shared.statistics.poisson import poisson_interval
from tasks.shared.statistics.sketch import GROWTH, parsed, written

WEEK_HOURS = 7 * 24
DROPS = (0.05, 0.10, 0.20)
WITHIN_HOURS = 48
# 37 hours apart, drops begin at every hour of the day.
APART_HOURS, MOST_DROPS = 37, 16
NEVER = 10**6


@dataclass(frozen=True)
class Found:
    """How a simulated drop of one size was found: in `found` of `tries` within two days, after so many hours."""

    drop: float
    tries: int
    found: int
    median_hours: float | None


@dataclass(frozen=True)
class Replay:
    """What a rule would have done over `hours` hours of `series` series, and how it finds drops of one of them.

    Only hours with a verdict count, of those `measured`: of the others nothing could be told. The drops are rises where
    more is what the rule calls bad.
    """

    rule: str
    hours: int
    series: int
    alerts: tuple[Alert, ...]
    drops: tuple[Found, ...] = ()
    dropped: str = ""
    measured: int = 0
    rises: bool = False

    @property
    def per_week(self) -> tuple[float, float, float]:
        """Alerts a week, and the interval of their expected number."""
        weeks = self.hours / WEEK_HOURS
        low, high = poisson_interval(len(self.alerts))
        return len(self.alerts) / weeks, low / weeks, high / weeks


def replay(judgement: Judgement, ends: Sequence[dt.datetime], *, drops: Sequence[float] = DROPS) -> Replay:
    """Evaluate the rule at every one of the *ends* (of hours, in order) as if they came now; nothing is written."""
    step, looked_at = judgement.step_hours, [end for end in ends if judgement.looks_at(end)]
    alerts = fired(judgement, looked_at)
    told = sum(any(each.state != "unknown" for each in judgement.at(end).values()) for end in looked_at)
    series = judgement.series()
    dropped = _busiest(judgement, series) if judgement.rule.sense != "no data" and series else None
    found = [_dropped(judgement, dropped, ends, alerts, drop) for drop in drops] if dropped is not None else []
    return Replay(
        rule=judgement.rule.name,
        hours=told * step,
        series=len(series),
        alerts=tuple(alerts),
        drops=tuple(found),
        dropped=dropped or "",
        measured=len(looked_at) * step,
        rises=more_is_bad(judgement.rule, judgement.readings.measure),
    )


def fired(judgement: Judgement, ends: Sequence[dt.datetime]) -> list[Alert]:
    """The alerts that the rule would have raised."""
    settings = judgement.settings.model_copy(update={"renew_after_hours": NEVER})
    book = Book("replay", (), ends[-1] if ends else dt.datetime.now(dt.UTC), settings)
    for end in ends:
        book = book.with_events(events_at(book, judgement, end))
    return list(alerts_of(book.events).values())


def more_is_bad(rule: Rule, measure: Measure) -> bool:
    """Whether the rule is there for values that go up; for any change it is what is worse of the measure."""
    return {"above": True, "rises": True, "below": False, "falls": False}.get(rule.sense, measure.worse == "high")


def changed(hour: Hour, measure: Measure, drop: float, draw: Random, *, rises: bool) -> Hour:
    """The hour as it would have been with the value lower by *drop*, or higher: a simulation on the real hour.

    A share moves by so many points: some units change sides, each of a cluster of the usual size. Anything
    else is multiplied.
    """
    if measure.kind == "share":
        return _changed_share(hour, 1 if rises else -1, drop, draw)
    factor = 1 + drop if rises else 1 - drop
    sums = hour.sums
    sums = replace(
        sums,
        total=sums.total * factor,
        total_squares=sums.total_squares * factor**2,
        products=sums.products * factor,
    )
    shift = round(log(factor) / log(GROWTH))
    sketch = written(Counter({bucket + shift: count for bucket, count in parsed(hour.sketch).items()}))
    return Hour(sums, sketch, hour.example)


def _changed_share(hour: Hour, sign: int, drop: float, draw: Random) -> Hour:
    sums = hour.sums
    if not sums.weight:
        return hour
    left = sums.weight - sums.total if sign > 0 else sums.total
    chance = min(1.0, drop * sums.weight / left) if left > 0 else 0.0
    unit = sums.weight / sums.n
    moved = sign * unit * sum(draw.random() < chance for _ in range(round(left / unit)))
    cluster = sums.weight_squares / sums.weight
    total = min(max(sums.total + moved, 0.0), sums.weight)
    squares = max(sums.total_squares + moved * cluster, 0.0)
    moved_sums = replace(sums, total=total, total_squares=squares, products=max(sums.products + moved * cluster, 0.0))
    return Hour(moved_sums, hour.sketch, hour.example)


def _dropped(
    judgement: Judgement, series: str, ends: Sequence[dt.datetime], alerts: Sequence[Alert], drop: float
) -> Found:
    """How the rule finds a drop in *series* that begins at different hours of the newest weeks."""
    starts = list(ends[:-WITHIN_HOURS][::-APART_HOURS])[:MOST_DROPS]
    quiet = [start for start in starts if not any(_lasted(alert, start) for alert in alerts if alert.key[1] == series)]
    delays = [_delay(judgement, series, start, drop) for start in quiet]
    known = [delay for delay in delays if delay is not None]
    return Found(drop, len(delays), len(known), median(known) if known else None)


def _delay(judgement: Judgement, series: str, start: dt.datetime, drop: float) -> int | None:
    """Hours from the *start* of a drop to its alert; None when there is none within two days."""
    name, measure = judgement.rule.metric, judgement.readings.measure
    draw = Random(f"{name} {series} {start.isoformat()} {drop}")  # noqa: S311 - a simulation
    base = judgement.readings.history
    hours, rises = dict(base.hours.get((name, series), {})), more_is_bad(judgement.rule, measure)
    for number in range(WITHIN_HOURS):
        if (at := start + number * HOUR) in hours:
            hours[at] = changed(hours[at], measure, drop, draw, rises=rises)
    history = History({**base.hours, (name, series): hours}, base.measured)
    readings = Readings(name, measure, history, judgement.readings.calibrations)
    other = Judgement(judgement.rule, readings, judgement.settings, judgement.budget_usd, judgement, series)
    ends = ((n, start + n * HOUR) for n in range(1, WITHIN_HOURS + 1))
    return next((n for n, end in ends if other.looks_at(end) and other.lasts(series, end)), None)


def _lasted(alert: Alert, start: dt.datetime) -> bool:
    """Whether the alert was open at any time of a drop that begins at *start*."""
    end = alert.resolved.start_time if alert.resolved else dt.datetime.max.replace(tzinfo=dt.UTC)
    return alert.raised.start_time <= start + WITHIN_HOURS * HOUR and end > start


def _busiest(judgement: Judgement, series: Sequence[str]) -> str:
    """The series with most units."""
    hours, name = judgement.readings.history.hours, judgement.rule.metric
    return max(series, key=lambda each: sum(hour.sums.n for hour in hours.get((name, each), {}).values()))
