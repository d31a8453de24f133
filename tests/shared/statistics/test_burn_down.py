"""Budgets by hand: what is used, the pace, and the day on which one is gone."""

import datetime as dt

import pytest

from tasks.shared.statistics.burn_down import bounds_of, burn_down, history
from tasks.shared.statistics.forecast import forecast

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 11, 10)  # a Tuesday


def costs(usd, days, until=TODAY):
    return {until - i * DAY: usd for i in range(days)}


def rhythm(until=TODAY, days=70):
    """20 USD on weekdays, 5 at the weekend."""
    return {day: 5.0 if day.weekday() > 4 else 20.0 for day in (until - i * DAY for i in range(days))}


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [("day", (11, 10), (11, 10)), ("week", (11, 9), (11, 15)), ("month", (11, 1), (11, 30))],
)
def test_a_period_has_the_day_in_it(period, first, last):
    assert bounds_of(period, TODAY) == (dt.date(2026, *first), dt.date(2026, *last))


def test_february_of_a_leap_year_has_29_days():
    assert bounds_of("month", dt.date(2028, 2, 3)) == (dt.date(2028, 2, 1), dt.date(2028, 2, 29))


def test_without_a_forecast_the_days_to_come_are_as_those_so_far():
    found = burn_down("month", TODAY, 200.0, costs(10.0, 10), None)
    assert (found.spent_usd, found.used, found.unknown) == (100.0, 0.5, 0)
    assert found.expected == (300.0, None, None)
    assert (found.gone.day, found.gone.earliest) == (dt.date(2026, 11, 20), None)
    assert found.even_usd == pytest.approx(200 / 3)


def test_a_budget_that_is_gone_says_since_when():
    found = burn_down("month", TODAY, 35.0, costs(10.0, 10), None)
    assert found.gone.day == dt.date(2026, 11, 4)
    assert found.used > 1


def test_with_a_forecast_the_day_has_an_interval_and_the_rhythm_counts():
    known = rhythm()
    ahead = forecast(history(known, TODAY), 31)
    spent = sum(known[dt.date(2026, 11, i)] for i in range(1, 11))
    found = burn_down("month", TODAY, spent + 61.0, known, ahead)
    # Wednesday to Friday take 60, the weekend 10.
    assert (found.gone.day, found.gone.earliest, found.gone.latest) == (dt.date(2026, 11, 14),) * 3
    month = sum(5 if dt.date(2026, 11, i).weekday() > 4 else 20 for i in range(1, 31))
    assert found.expected == pytest.approx((month,) * 3, rel=1e-6)


def test_the_seasonal_pace_gives_a_weekend_little():
    friday = dt.date(2026, 11, 13)
    found = burn_down("week", friday, 110.0, rhythm(friday), None)
    assert found.even_usd == pytest.approx(110 * 5 / 7)
    assert found.seasonal_usd == pytest.approx(100.0)


def test_a_day_is_its_own_period():
    found = burn_down("day", TODAY, 40.0, rhythm(), None)
    assert (found.spent_usd, found.expected, found.gone.day) == (20.0, (20.0, 20.0, 20.0), None)


def test_unknown_days_are_counted_and_not_taken_for_free():
    known = costs(10.0, 10)
    del known[dt.date(2026, 11, 5)]
    found = burn_down("month", TODAY, 1000.0, known, None)
    assert (found.unknown, found.spent_usd, found.expected[0]) == (1, 90.0, 290.0)


def test_history_begins_with_the_first_day_that_cost_anything():
    known = {TODAY - 3 * DAY: 0.0, TODAY - 2 * DAY: 1.0, TODAY: 2.0}
    assert history(known, TODAY) == [1.0, None, 2.0]
