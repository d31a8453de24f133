"""Cost and tokens day by day up to the report's day, and the periods that it is compared over."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.reports.changes import plain
from tasks.reports.evidence import Evidence
from tasks.shared.pages.blocks import Cell, Link, Measure, Number
from tasks.shared.records import DAY
from tasks.shared.statistics.burn_down import PERIODS, Period, bounds_of, days_of
from tasks.shared.store.daily_metric import daily_metric

WEEK = 7 * DAY
TOTALS = "SELECT coalesce(fsum(cost_usd), 0) AS cost_usd, coalesce(sum(total_tokens), 0) AS tokens FROM spans"
COLUMNS = ("Period", "This time", "Days known", "The same days before", "Days known before", "Change", "Evidence")


@dataclass(frozen=True)
class Spending:
    """Values by UTC day, `today` being the last day that the report speaks of."""

    today: dt.date
    costs: Mapping[dt.date, float]
    tokens: Mapping[dt.date, float]


def spending_of(evidence: Evidence) -> Spending:
    """By the metrics of each day; a day's report without metrics takes its own day from the spans.

    In a week or month that is not over, today is its last day with metrics.
    """
    last = evidence.window.days()[-1]
    costs, tokens = (daily_metric(evidence.lake, evidence.project, name, last) for name in ("cost_usd", "tokens/total"))
    if evidence.edition == "day" and last not in costs:
        found = evidence.rows(TOTALS)[0]
        costs[last], tokens[last] = found["cost_usd"], found["tokens"]
    within = [day for day in evidence.window.days() if day in costs]
    return Spending(max(within, default=last), costs, tokens)


def periods_of(evidence: Evidence) -> tuple[Period, ...]:
    """The periods that a report speaks of: those that are as long as itself, and longer."""
    return PERIODS[PERIODS.index(evidence.edition) :]


def over_periods(
    evidence: Evidence, values: Mapping[dt.date, float], today: dt.date, measure: Measure
) -> list[tuple[Cell, ...]]:
    """Rows of COLUMNS: the day, the week and the month up to *today*, beside the same days before."""
    calls = calls_of(evidence)
    return [(*_compared(period, values, today, measure), calls) for period in periods_of(evidence)]


def calls_of(evidence: Evidence) -> Link | None:
    """The project's page in Phoenix: the calls that sums over days are of. Its address takes no days."""
    return evidence.links.to("project", evidence.project, "calls in Phoenix")


def _compared(period: Period, values: Mapping[dt.date, float], today: dt.date, measure: Measure) -> tuple[Cell, ...]:
    days = days_of(bounds_of(period, today)[0], today)
    earlier = _before(period, days)
    (now, known), (before, known_before) = (_sum(values, part) for part in (days, earlier))
    whole = known == len(days) and known_before == len(earlier) == len(days)
    return (
        _called(period, days),
        Number(now, measure),
        f"{known} of {len(days)}",
        Number(before, measure),
        f"{known_before} of {len(earlier)}",
        plain(now, before, measure) if whole else None,
    )


def _before(period: Period, days: list[dt.date]) -> list[dt.date]:
    """The same days of the week before; of a month, those of the same number, as far as the month before has them."""
    if period != "month":
        return [day - WEEK for day in days]
    first, last = bounds_of("month", days[0] - DAY)
    return days_of(first, last)[: len(days)]


def _sum(values: Mapping[dt.date, float], days: list[dt.date]) -> tuple[float | None, int]:
    known = [values[day] for day in days if day in values]
    return (sum(known) if known else None), len(known)


def _called(period: Period, days: list[dt.date]) -> str:
    if period == "day":
        return f"{days[0]:%A %-d %B}"
    return f"{period.capitalize()} to {days[-1]:%-d %B}"
