"""What a rule is, and how its condition, window and amounts are read."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tasks.alerts.measure import Measure
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import HOUR, Severity
from tasks.shared.statistics.burn_down import Period, bounds_of

Sense = Literal["above", "below", "rises", "falls", "changes", "no data", "failed"]

AGAINST_WEEKS: tuple[Sense, ...] = ("rises", "falls", "changes")
DURATION = re.compile(r"(\d+) ?([hd])")
AMOUNT = re.compile(r"([<>]) ?(\d+(?:\.\d+)?) ?(%|ms|s|min|usd)?")
BUDGET = re.compile(r"> ?(?:(\d+(?:\.\d+)?) ?% of )?budget")
EFFECT = re.compile(r"(\d+(?:\.\d+)?) ?(%?)")
SCALES = {"ms": {"ms": 1.0, "s": 1000.0, "min": 60_000.0}, "share": {"%": 0.01}, "usd": {"usd": 1.0}}
LONGEST_HOURS = 7 * 24
# Of longer windows a month holds too few to tell how much they vary.
LONGEST_AGAINST_WEEKS = 48
SINCE: dict[str, Period] = {"today": "day", "this week": "week", "this month": "month"}
MOST_HOURS: dict[Period, int] = {"day": 24, "week": 7 * 24, "month": 31 * 24}
CONDITIONS = (
    "`> 5 %`, `< 0.85`, `> 10 s`, `> budget`, `> 80 % of budget`, `rises`, `falls`, `changes`, `no data` or `failed`"
)


@dataclass(frozen=True)
class Rule:
    """When somebody is told. `hours` is the window; 0 where it is the UTC day, week or month so far, named by `since`.

    `hold_hours` is how long it has to last. `limit` is the threshold in the measure's unit, with `budget` a share of
    the project's budget for the period; None where there is no threshold. `minimum_effect` is an amount of a share, a
    share of anything else. `by` names the dimension whose values are the series; empty: the whole project is the only
    one.
    """

    name: str
    metric: str
    sense: Sense
    condition: str
    limit: float | None
    budget: bool
    hours: int
    since: Period | None
    hold_hours: int
    by: str
    series: tuple[str, ...]
    minimum_effect: float
    severity: Severity
    channels: tuple[str, ...]
    owner: str
    runbook: str

    @property
    def digest(self) -> str:
        """Changes with whatever decides when the rule fires."""
        window = self.since or self.hours
        said = (self.metric, self.condition, window, self.hold_hours, self.by, self.series, self.minimum_effect)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    @property
    def most_hours(self) -> int:
        """How long the window is at most."""
        return MOST_HOURS[self.since] if self.since else self.hours

    def start_of(self, end: dt.datetime) -> dt.datetime:
        """When the window began that ends at *end*, the end of an hour."""
        if self.since is None:
            return end - self.hours * HOUR
        return dt.datetime.combine(bounds_of(self.since, (end - HOUR).date())[0], dt.time(), end.tzinfo)

    def hours_at(self, end: dt.datetime) -> int:
        """How many hours the window has that ends at *end*."""
        return (end - self.start_of(end)) // HOUR


def rule_of(name: str, keys: Mapping[str, Any], measures: Mapping[str, Measure], defaults: Mapping[str, Any]) -> Rule:
    """The rule that these *keys* of nightjar.toml make; *defaults* are the channels and the owner.

    Raises:
        ConfigurationError: names the rule, the key, and what to write.
    """
    condition = " ".join(str(keys.get("condition") or "").split()).lower()
    metric = str(keys.get("metric") or "")
    if condition != "failed" and metric not in measures:
        there = ", ".join(sorted(measures))
        wrong = f"metric {metric!r} is no measure" if metric else "it has no metric"
        raise problem(name, "metric", f"{wrong}. There are: {there}.")
    unit = measures[metric].unit if metric in measures else "number"
    sense, limit, budget = _condition(name, condition, unit)
    if budget and metric != "cost_usd":
        raise problem(name, "condition", f"{condition!r} is for cost_usd. Write an amount.")
    if sense in AGAINST_WEEKS and measures[metric].kind == "gauge":
        raise problem(name, "condition", f"{metric} has no weekly rhythm. Give it a threshold.")
    window = str(keys.get("window") or "1h")
    since = SINCE.get(window)
    hours = 0 if since else _hours(name, "window", window)
    if since and (sense in AGAINST_WEEKS or sense == "no data"):
        said = f"{condition!r} needs hours, and {window} has another length each hour. Write `6h`."
        raise problem(name, "window", said)
    if budget and not since:
        raise problem(name, "window", f"{condition!r} needs a period that has a budget. Write {_quoted(SINCE)}.")
    if sense in AGAINST_WEEKS and hours > LONGEST_AGAINST_WEEKS:
        raise problem(name, "window", f"{condition!r} compares windows of up to 2d, not of {window!r}. Write `1d`.")
    return Rule(
        name=name,
        metric=metric,
        sense=sense,
        condition=condition,
        limit=limit,
        budget=budget,
        hours=hours,
        since=since,
        hold_hours=_hours(name, "for", str(keys.get("for") or "0h")),
        by=str(keys.get("by") or ""),
        series=tuple(keys.get("series") or ()),
        minimum_effect=_effect(name, str(keys.get("minimum_effect") or "0"), unit),
        severity=keys.get("severity") or "warning",
        channels=tuple(defaults["channels"] if keys.get("channels") is None else keys["channels"]),
        owner=str(keys.get("owner") or defaults["owner"]),
        runbook=str(keys.get("runbook") or ""),
    )


def problem(name: str, key: str, what: str) -> ConfigurationError:
    """What is wrong with a rule, as the error that says so."""
    return ConfigurationError(f"alerts.rules.{name}.{key}: {what}")


def _condition(name: str, condition: str, unit: str) -> tuple[Sense, float | None, bool]:
    """What the condition asks, its limit in *unit* or of the budget, and whether it is of the budget."""
    for sense in (*AGAINST_WEEKS, "no data", "failed"):
        if condition == sense:
            return sense, None, False
    if of_budget := BUDGET.fullmatch(condition):
        return "above", float(of_budget[1] or 100) / 100, True
    found = AMOUNT.fullmatch(condition)
    if not found:
        raise problem(name, "condition", f"{condition!r} is not understood. Write {CONDITIONS}.")
    sense_of: Sense = "above" if found[1] == ">" else "below"
    scales = SCALES.get(unit, {})
    written = found[3] or ""
    if written and written not in scales:
        known = ", ".join(scales) or "no unit"
        raise problem(name, "condition", f"unit {written!r} does not go with the measure. Write {known}.")
    limit = float(found[2]) * scales.get(written, 1.0)
    if unit == "share" and not 0 <= limit <= 1:
        raise problem(name, "condition", f"{condition!r} is no share. Write `> 5 %` or `> 0.05`.")
    return sense_of, limit, False


def _hours(name: str, key: str, text: str) -> int:
    found = DURATION.fullmatch(text.strip())
    hours = int(found[1]) * (24 if found[2] == "d" else 1) if found else -1
    least = 1 if key == "window" else 0
    if not least <= hours <= LONGEST_HOURS:
        also = f", or {_quoted(SINCE)}" if key == "window" else ""
        said = f"{text!r} is not understood. Write hours or days, up to a week: `1h`, `6h`, `1d`{also}."
        raise problem(name, key, said)
    return hours


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _effect(name: str, text: str, unit: str) -> float:
    found = EFFECT.fullmatch(text.strip())
    if not found:
        raise problem(name, "minimum_effect", f"{text!r} is not understood. Write `5 %`.")
    effect = float(found[1]) * (0.01 if found[2] else 1.0)
    if unit == "share" and effect > 1:
        raise problem(name, "minimum_effect", f"{text!r} is more than a share can move. Write `5 %` or `0.05`.")
    return effect
