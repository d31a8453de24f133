"""Whether a rule holds of each of its series at an hour: what is seen, and whether it could be chance."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from tasks.alerts.history import LEAST_KNOWN
from tasks.alerts.readings import TAIL, Reading, Readings
from tasks.alerts.rule import AGAINST_WEEKS, Rule
from tasks.shared.records import DAY, HOUR
from tasks.shared.settings import AlertSettings
from tasks.shared.statistics.seasonal import Departure, Point, Variation, departure, not_overlapping, variation
from tasks.shared.statistics.several import at_each_look, step_up

# breach: beyond the limit for sure. clear: on the good side of it. unsure: neither. unknown: nothing to tell from.
State = Literal["breach", "clear", "unsure", "unknown"]

WEEK = 7 * DAY
WEEK_HOURS = 7 * 24
LEAST_WEEKS, LEAST_DAYS = 2, 3
# How many days are measured: a back-test of sixty, and the weeks before that tell what to expect of its first.
HISTORY_DAYS = 60 + 8 * 7
# Older departures tell little of how much values vary these days; of long windows the last two weeks hold too few.
SPREAD_WEEKS, SPREAD_WEEKS_OF_LONG, LONG_HOURS = 2, 4, 6
# Hours of the day differ: of fewer nothing is told of how much values vary.
LEAST_SPREAD = 48 * HOUR
# Windows that overlap by more than five sixths tell the same once more.
STEPS_OF_WINDOW = 6
Claim = Callable[[float], bool]


@dataclass(frozen=True)
class Verdict:
    """What a rule says of one series at one hour. `limit` is the threshold, or the expected value."""

    state: State
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    limit: float | None = None
    example: str = ""
    corrected: bool = False


UNKNOWN = Verdict("unknown")


@dataclass
class Judgement:
    """One rule over the history of its measure. What was worked out for an hour is remembered.

    `budget_usd` is the budget for the rule's period; a rule on the budget finds nothing without one. `beside` judges
    the same rule on a history that differs in the series `changed` only: what it worked out of the others is taken
    over.
    """

    rule: Rule
    readings: Readings
    settings: AlertSettings
    budget_usd: float | None = None
    beside: "Judgement | None" = None
    changed: str = ""
    _verdicts: dict[dt.datetime, dict[str, Verdict]] = field(default_factory=dict)
    _looks: dict[tuple[str, dt.datetime], tuple[Verdict, Claim]] = field(default_factory=dict)
    _points: dict[tuple[str, dt.datetime], Point | None] = field(default_factory=dict)
    _departures: dict[tuple[str, dt.datetime], Departure | None] = field(default_factory=dict)
    _variations: dict[tuple[str, dt.date], Variation | None] = field(default_factory=dict)

    def at(self, end: dt.datetime) -> dict[str, Verdict]:
        """The verdict on every series at the *end* of an hour."""
        if end not in self._verdicts:
            self._verdicts[end] = self._among_all(end)
        return self._verdicts[end]

    @property
    def step_hours(self) -> int:
        """How far apart the verdicts are that count: of whole days on a judged measure a day, else an hour."""
        return 24 if self.readings.measure.judged and self.rule.hours and self.rule.hours % 24 == 0 else 1

    def looks_at(self, end: dt.datetime) -> bool:
        """Whether the verdict at the *end* of an hour is one of those."""
        return self.step_hours == 1 or end.hour == 0

    def lasts(self, series: str, end: dt.datetime) -> bool:
        """Whether the rule holds at *end* and at every hour of its hold-down before."""
        return self.agrees(series, end, self.rule.hold_hours + 1, "breach")

    def agrees(self, series: str, end: dt.datetime, hours: int, state: State) -> bool:
        """Whether the verdicts of so many *hours* up to *end* are all *state*."""
        return all(self.at(end - back * HOUR).get(series, UNKNOWN).state == state for back in range(hours))

    def _among_all(self, end: dt.datetime) -> dict[str, Verdict]:
        """Of many series some are beyond any limit by chance: what is seen has to hold among all of them."""
        looks = {series: self._look(series, end) for series in self.series()}
        claims = {series: claim for series, (verdict, claim) in looks.items() if verdict.state != "unknown"}
        held = step_up(claims, self._rate)
        return {
            series: verdict if verdict.state != "breach" or series in held else _as_unsure(verdict)
            for series, (verdict, _) in looks.items()
        }

    @property
    def _rate(self) -> float:
        """The share of false claims at one look. A day's looks at a change may make as many together as one alone."""
        rate, rule = self.settings.false_discovery_rate, self.rule
        if rule.sense not in AGAINST_WEEKS:
            return rate
        return min(rate, at_each_look(rate, 24 // self.step_hours, 1 + rule.hold_hours // rule.hours))

    def series(self) -> list[str]:
        """The series that the rule looks at, in order."""
        every = self.readings.history.series(self.rule.metric, self.rule.by)
        wanted = {f"{self.rule.by}={value}" for value in self.rule.series}
        return [series for series in every if not wanted or series in wanted]

    def _look(self, series: str, end: dt.datetime) -> tuple[Verdict, Claim]:
        """What is seen of a series by itself, and the claim that it is beyond the limit at a tail."""
        if self.beside is not None and series != self.changed:
            return self.beside._look(series, end)
        if (series, end) not in self._looks:
            self._looks[series, end] = self._looked(series, end)
        return self._looks[series, end]

    def _looked(self, series: str, end: dt.datetime) -> tuple[Verdict, Claim]:
        if self.rule.sense in AGAINST_WEEKS:
            return self._against_weeks(series, end)
        if self.rule.sense == "no data":
            verdict = self._no_data(series, end)
            return verdict, lambda _: verdict.state == "breach"
        return self._against_limit(series, end)

    def _against_limit(self, series: str, end: dt.datetime) -> tuple[Verdict, Claim]:
        limit, a_sum = self._limit(), self.readings.measure.kind == "sum"
        # A sum that lacks hours is too small: it is no proof of being below. Where it is above, it is so all the more.
        least = 1.0 if a_sum and self.rule.sense == "below" else LEAST_KNOWN
        whole = self.readings.read(series, end, self.rule.hours_at(end), least=least)
        reading = whole or (self.readings.read(series, end, self.rule.hours_at(end), least=0.0) if a_sum else None)
        if reading is None or limit is None:
            return UNKNOWN, _never
        if whole is None and not (self.rule.sense == "above" and reading.value > limit):
            return UNKNOWN, _never
        claim = partial(_beyond, reading, limit, above=self.rule.sense == "above")
        by = reading.value - limit if self.rule.sense == "above" else limit - reading.value
        effect = self.rule.minimum_effect * (1 if self.readings.measure.unit == "share" else abs(limit))
        few = not reading.exact and reading.n < self.settings.least_units
        if by > 0 and by >= effect and not few and claim(TAIL):
            return _seen("breach", reading, limit), claim
        return _seen("clear" if by <= 0 else "unsure", reading, limit), _never

    def _limit(self) -> float | None:
        if not self.rule.budget or self.rule.limit is None:
            return self.rule.limit
        return self.rule.limit * self.budget_usd if self.budget_usd is not None else None

    def _against_weeks(self, series: str, end: dt.datetime) -> tuple[Verdict, Claim]:
        found, varies = self._departure(series, end), self._variation_before(series, end)
        reading = self.readings.read(series, end, self.rule.hours)
        if found is None or varies is None or reading is None:
            return UNKNOWN, _never
        expected = self.readings.value_at(found.expected)
        seen = self.readings.value_at(found.expected + found.difference)
        change = seen - expected if self.readings.measure.unit == "share" else seen / expected - 1
        rise = found.z(varies.variance)
        z = {"rises": rise, "falls": -rise}.get(self.rule.sense, abs(rise))
        claim = partial(_departs, varies, z, 2 if self.rule.sense == "changes" else 1)
        if claim(TAIL) and abs(change) >= self.rule.minimum_effect:
            return _seen("breach", reading, expected), claim
        well = abs(change) < self.rule.minimum_effect or z <= 1
        return _seen("clear" if well else "unsure", reading, expected), _never

    def _departure(self, series: str, end: dt.datetime) -> Departure | None:
        """From the same hours of the earlier weeks; None where fewer than two of them are known."""
        if (series, end) not in self._departures:
            now = self._point(series, end)
            weeks = (end - back * WEEK for back in range(1, self.settings.weeks + 1)) if now else ()
            before = [point for week in weeks if (point := self._point(series, week))]
            enough = now is not None and len(before) >= LEAST_WEEKS
            self._departures[series, end] = departure(now, before) if now and enough else None
        return self._departures[series, end]

    def _point(self, series: str, end: dt.datetime) -> Point | None:
        if (series, end) not in self._points:
            self._points[series, end] = self.readings.point(series, end, self.rule.hours)
        return self._points[series, end]

    def _variation_before(self, series: str, end: dt.datetime) -> Variation | None:
        """How the series varied beside sampling in the weeks before the day; None where too little is known."""
        day = (end - HOUR).date()
        if (series, day) not in self._variations:
            midnight, window = dt.datetime.combine(day, dt.time(), tzinfo=end.tzinfo), self.rule.hours * HOUR
            back = range(0, _spread_weeks(self.rule.hours) * WEEK_HOURS, max(1, self.rule.hours // STEPS_OF_WINDOW))
            ends = [midnight - hours * HOUR for hours in back]
            found = {at: each for at in ends if (each := self._departure(series, at))}
            windows = not_overlapping(found, window)
            enough = windows * window >= LEAST_SPREAD
            self._variations[series, day] = variation(list(found.values()), windows) if enough else None
        return self._variations[series, day]

    def _no_data(self, series: str, end: dt.datetime) -> Verdict:
        """Nothing in a window that ingestion took in, where the earlier weeks had some; or else the earlier days.

        Of three or more the emptiest does not count: an outage must not hide the next ones.
        """
        hours, history, metric = self.rule.hours, self.readings.history, self.rule.metric
        now = history.window(metric, series, end, hours, least=1.0)
        if now is None:
            return UNKNOWN
        if now.sums.n:
            return Verdict("clear", now.sums.total, now.sums.total, now.sums.total, now.sums.n, example=now.example)
        for step, times, least in ((WEEK, self.settings.weeks, LEAST_WEEKS), (DAY, 7, LEAST_DAYS)):
            known = [history.window(metric, series, end - back * step, hours) for back in range(1, times + 1)]
            counts = [each.sums.total for each in known if each]
            if len(counts) >= least:
                usual = sorted(counts)[1 if len(counts) > 2 else 0]
                state: State = "breach" if usual >= self.settings.least_usual_spans else "unsure"
                return Verdict(state, 0.0, 0.0, 0.0, 0, limit=usual)
        return Verdict("unsure", 0.0, 0.0, 0.0, 0)


def needed_hours(rule: Rule, settings: AlertSettings) -> int:
    """How far before an hour the history has to reach for a verdict on it."""
    own = rule.most_hours + max(rule.hold_hours, settings.resolve_after_hours, settings.silent_hours)
    if rule.sense in AGAINST_WEEKS:
        return own + (settings.weeks + _spread_weeks(rule.hours)) * WEEK_HOURS + 24
    return own + settings.weeks * WEEK_HOURS if rule.sense == "no data" else own


def _beyond(reading: Reading, limit: float, tail: float, *, above: bool) -> bool:
    low, high = reading.bounds(min(tail, TAIL))
    return (low is not None and low > limit) if above else (high is not None and high < limit)


def _departs(varies: Variation, z: float, sided: int, tail: float) -> bool:
    return varies.beyond(z, min(tail, TAIL) / sided)


def _spread_weeks(hours: int) -> int:
    return SPREAD_WEEKS_OF_LONG if hours >= LONG_HOURS else SPREAD_WEEKS


def _never(_tail: float) -> bool:
    return False


def _seen(state: State, reading: Reading, limit: float) -> Verdict:
    low, high = reading.interval
    return Verdict(state, reading.value, low, high, reading.n, limit, reading.example, reading.corrected)


def _as_unsure(verdict: Verdict) -> Verdict:
    return Verdict("unsure", *(getattr(verdict, name) for name in ("value", "low", "high", "n", "limit", "example")))
