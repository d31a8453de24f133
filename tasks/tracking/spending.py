"""The day's cost among other days': budgets, the forecast of the month, and how unusual the day is."""

import datetime as dt
from collections.abc import Iterator, Mapping

from tasks.shared.records import Metric
from tasks.shared.settings import TrafficBudget
from tasks.shared.statistics.burn_down import PERIODS, BurnDown, bounds_of, burn_down, days_of, history
from tasks.shared.statistics.forecast import Forecast, forecast, refusal
from tasks.shared.statistics.robust import place, same_weekdays

MOST_DAYS_AHEAD = 31


def spending(costs: Mapping[dt.date, float], today: dt.date, budget: TrafficBudget) -> Iterator[Metric]:
    """Metrics of *today* from the *costs* (USD) of it and the days before; nothing where today's cost is unknown."""
    if today not in costs:
        return
    daily = history(costs, today)
    ahead = None if refusal(daily) else forecast(daily, MOST_DAYS_AHEAD)
    for period in PERIODS[1:]:
        yield _to_date(f"cost_to_date_usd/{period}", costs, days_of(bounds_of(period, today)[0], today))
    for period in PERIODS:
        limit = getattr(budget, f"{period}_usd")
        if limit is not None:
            yield from _of_budget(burn_down(period, today, limit, costs, ahead))
    if ahead:
        yield _month(costs, today, ahead)
    if found := place(costs[today], same_weekdays(costs, today)):
        yield Metric("cost_unusual_z", found.z, found.n, 1.0)


def _to_date(name: str, costs: Mapping[dt.date, float], days: list[dt.date]) -> Metric:
    known = [costs[day] for day in days if day in costs]
    return Metric(name, sum(known), len(known), len(known) / len(days), unit="usd")


def _of_budget(budget: BurnDown) -> Iterator[Metric]:
    """Shares of the budget: what is used of it, and what the whole period is expected to use."""
    elapsed = (budget.today - budget.first).days + 1
    known, covered = elapsed - budget.unknown, 1 - budget.unknown / elapsed
    period, limit = budget.period, budget.budget_usd
    yield Metric(f"cost_budget_used/{period}", budget.used, known, covered, unit="share")
    middle, low, high = budget.expected
    if period != "day" and low is not None and high is not None:
        ends = low / limit, high / limit
        yield Metric(f"cost_budget_expected/{period}", middle / limit, known, covered, *ends, unit="share")


def _month(costs: Mapping[dt.date, float], today: dt.date, ahead: Forecast) -> Metric:
    first, last = bounds_of("month", today)
    so_far = _to_date("cost_forecast_usd/month", costs, days_of(first, today))
    left = (last - today).days
    middle, low, high = ahead.first(left).total(so_far.value) if left else (so_far.value,) * 3
    return Metric(so_far.name, middle, ahead.days, so_far.coverage, low, high, unit="usd")
