"""A day's cost among other days': what becomes a metric, and when."""

import datetime as dt

import pytest

from tasks.shared.records import Metric, Window
from tasks.shared.settings import TrafficBudget
from tasks.shared.store.daily_metric import daily_metric
from tasks.shared.store.tables import METRICS
from tasks.tracking.spending import spending
from tasks.tracking.summary import metric_rows
from tests.tracking.rows import by_name, lake_at

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 11, 10)
NO_BUDGET = TrafficBudget()


def costs(days, usd=10.0):
    return {TODAY - i * DAY: usd + i % 3 for i in range(days)}


def spent(known, budget=NO_BUDGET):
    return by_name(spending(known, TODAY, budget))


def test_week_and_month_to_date_are_sums_that_say_which_days_are_missing():
    known = {dt.date(2026, 11, day): 10.0 for day in (2, 9, 10)}
    found = spent(known)
    assert found["cost_to_date_usd/week"] == Metric("cost_to_date_usd/week", 20.0, 2, 1.0, unit="usd")
    month = found["cost_to_date_usd/month"]
    assert (month.value, month.n, month.coverage) == (30.0, 3, 0.3)


def test_each_budget_that_is_set_has_its_share():
    found = spent({TODAY: 10.0, TODAY - DAY: 5.0}, TrafficBudget(day_usd=8, week_usd=20))
    assert found["cost_budget_used/day"].value == 1.25
    assert found["cost_budget_used/week"].value == 0.75
    assert "cost_budget_used/month" not in found


def test_four_weeks_of_days_make_a_forecast_with_an_interval():
    found = spent(costs(42), TrafficBudget(month_usd=100))
    month, expected = found["cost_forecast_usd/month"], found["cost_budget_expected/month"]
    assert (month.n, month.coverage) == (42, 1.0)
    assert 250 < month.low < month.value < month.high < 400
    assert expected.value == pytest.approx(month.value / 100)


def test_with_fewer_days_there_is_no_forecast():
    assert not [
        name for name in spent(costs(20), TrafficBudget(month_usd=100)) if "forecast" in name or "expect" in name
    ]


def test_a_dear_day_is_unusual_beside_the_same_weekdays():
    assert abs(spent(costs(42))["cost_unusual_z"].value) < 3
    dear = spent(costs(42) | {TODAY: 60.0})["cost_unusual_z"]
    assert (dear.value > 10, dear.n) == (True, 5)
    assert "cost_unusual_z" not in spent(costs(20))


def test_a_day_without_a_known_cost_says_nothing():
    assert spent({TODAY - DAY: 1.0}) == {}


def test_the_cost_of_days_is_read_from_their_metrics(tmp_path):
    lake = lake_at(tmp_path)
    for day, usd in ((TODAY, 3.0), (TODAY - DAY, 2.0), (TODAY - 90 * DAY, 1.0)):
        metrics = [Metric("cost_usd", usd, 1, 1.0), Metric("cost_usd", 9.0, 1, 1.0, dimension="model=m")]
        window = Window.of_day(day)
        lake.write(METRICS, "p", window, metric_rows(metrics, window))
    assert daily_metric(lake, "p", "cost_usd", TODAY) == {TODAY - DAY: 2.0, TODAY: 3.0}
