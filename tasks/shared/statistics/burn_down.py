"""A budget over a day, a week or a month: what is spent of it, the pace, and the day on which it will be gone."""

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tasks.shared.statistics.forecast import Forecast

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = get_args(Period)
DAY = dt.timedelta(days=1)
HISTORY_DAYS = 56


@dataclass(frozen=True)
class Reached:
    """The days on which a budget is gone: the likeliest, and the ends of the 95 % interval; None: not in the period.

    A likeliest day without an `earliest` comes from the mean of days, of which nobody knows how unsure it is.
    """

    day: dt.date | None
    earliest: dt.date | None
    latest: dt.date | None


@dataclass(frozen=True)
class BurnDown:
    """A budget (USD) of the period `first` to `last` as it stands at the end of `today`.

    `even_usd` is the share of the budget that belongs to the days so far when every day gets the same, `seasonal_usd`
    when weekdays get what they usually take. `expected` is what the whole period will take: median, low, high; without
    a forecast the days to come take what those so far took on average, and nothing is known of how unsure that is.
    `unknown` are days so far whose cost nobody knows.
    """

    period: Period
    first: dt.date
    last: dt.date
    today: dt.date
    budget_usd: float
    spent_usd: float
    even_usd: float
    seasonal_usd: float
    expected: tuple[float, float | None, float | None]
    gone: Reached
    unknown: int

    @property
    def used(self) -> float:
        """The share of the budget that is spent; above 1 when it is overspent."""
        return self.spent_usd / self.budget_usd


def bounds_of(period: Period, day: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the *period* that *day* lies in; weeks begin on Monday."""
    if period == "day":
        return day, day
    if period == "week":
        monday = day - day.weekday() * DAY
        return monday, monday + 6 * DAY
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def days_of(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from *first* to *last*, both included."""
    return [first + i * DAY for i in range((last - first).days + 1)]


def history(costs: Mapping[dt.date, float], today: dt.date) -> list[float | None]:
    """The last HISTORY_DAYS days up to *today*, oldest first, from the first that cost anything; None where unknown."""
    first = min((day for day, cost in costs.items() if cost > 0), default=today)
    days = [day for day in days_of(today - (HISTORY_DAYS - 1) * DAY, today) if day >= first]
    return [costs.get(day) for day in days]


def burn_down(
    period: Period, today: dt.date, budget_usd: float, costs: Mapping[dt.date, float], ahead: Forecast | None
) -> BurnDown:
    """The *budget_usd* of the *period* around *today* by the *costs* of days; *ahead* is of the days after *today*."""
    first, last = bounds_of(period, today)
    so_far = days_of(first, today)
    known = [costs[day] for day in so_far if day in costs]
    spent = sum(known)
    weights = _weights(costs, today)
    share = sum(weights[day.weekday()] for day in so_far) / sum(weights[day.weekday()] for day in days_of(first, last))
    left = (last - today).days
    mean = spent / len(known) if known else 0.0
    futures = ahead.first(left) if ahead and left else None
    return BurnDown(
        period,
        first,
        last,
        today,
        budget_usd,
        spent,
        budget_usd * len(so_far) / (len(so_far) + left),
        budget_usd * share,
        futures.total(spent) if futures else (spent + left * mean, *((spent, spent) if not left else (None, None))),
        _gone(so_far, costs, budget_usd, futures, [mean] * left),
        len(so_far) - len(known),
    )


def _gone(
    so_far: Sequence[dt.date],
    costs: Mapping[dt.date, float],
    budget_usd: float,
    futures: Forecast | None,
    even: Sequence[float],
) -> Reached:
    running = 0.0
    for day in so_far:
        running += costs.get(day, 0.0)
        if running >= budget_usd:
            return Reached(day, day, day)
    if futures:
        found = futures.reached(budget_usd - running)
        return Reached(*(None if i is None else so_far[-1] + (i + 1) * DAY for i in found))
    for i, mean in enumerate(even, start=1):
        running += mean
        if running >= budget_usd:
            return Reached(so_far[-1] + i * DAY, None, None)
    return Reached(None, None, None)


def _weights(costs: Mapping[dt.date, float], today: dt.date) -> list[float]:
    """What each weekday usually takes, by its mean over the last HISTORY_DAYS; alike where one is not known."""
    recent = {day: cost for day, cost in costs.items() if today - HISTORY_DAYS * DAY < day <= today}
    found = [[cost for day, cost in recent.items() if day.weekday() == weekday] for weekday in range(7)]
    if not all(found):
        return [1.0] * 7
    means = [sum(values) / len(values) for values in found]
    return means if sum(means) > 0 and min(means) >= 0 else [1.0] * 7
