"""Alerts on cost, from spans in a lake to messages: budgets once a period, and cost that is unusual for these hours."""

import datetime as dt

import pytest

from tasks.alerts.back_test import measured_fully
from tasks.alerts.evaluating import events_of
from tasks.alerts.measure import all_measures
from tasks.alerts.rulebook import shipped_rules
from tasks.shared.records import DAY, HOUR, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tests.alerts.hours import PROJECT, ingested, lake_below, write
from tests.alerts.running import run, settings_below, told
from tests.reports.days import span

# A Sunday, the last of a month: a day, a week and a month end at once.
SUNDAY = dt.datetime(2026, 5, 31, tzinfo=dt.UTC)
BUDGETS = {"shop": {"day_usd": 10.0, "week_usd": 20.0, "month_usd": 40.0}}


@pytest.fixture(autouse=True)
def only_cost(monkeypatch):
    """The other measures take most of the time of a run."""
    cost = {"cost_usd": all_measures()["cost_usd"]}
    monkeypatch.setattr("tasks.alerts.measuring.all_measures", lambda: cost)


def only(folder, *names, **changes) -> Settings:
    """Settings with these of the shipped rules, and budgets of the project."""
    rules = {name: {"enabled": name in names} for name in shipped_rules()}
    rules |= {name: rules[name] | keys for name, keys in changes.items()}
    return settings_below(folder, rules=rules).model_copy(update={"cost": Settings(cost={"budgets": BUDGETS}).cost})


def spent(lake: Lake, day: dt.datetime, usd: list[float], calls: int = 2) -> None:
    """A day of hours that cost so much each, taken in."""
    rows = [
        span(
            (hour.day * 100 + hour.month * 10_000 + hour.hour) * 100 + number,
            start_time=hour + dt.timedelta(minutes=number),
            cost_usd=cost / calls,
        )
        for hour, cost in zip(Window.of_day(day.date()).hours(), usd, strict=False)
        for number in range(calls)
    ]
    write(lake, "spans", rows, Window.of_day(day.date()))
    ingested(lake, Window(day, day + len(usd) * HOUR))


def happened(lake, rule):
    events = [event for event in events_of(lake, PROJECT, SUNDAY + 9 * DAY) if event.rule == rule]
    return [(event.event, event.start_time) for event in sorted(events, key=lambda event: event.start_time)]


def test_a_budget_of_day_week_and_month_is_told_once_a_period_and_ends_with_it(tmp_path):
    lake, names = lake_below(tmp_path), ("daily_cost", "weekly_cost", "monthly_cost", "monthly_cost_nears")
    settings = only(tmp_path, *names)
    for back in range(5, 0, -1):  # 6 USD on each of five days: 30 of the month's, 30 of the week's 20
        spent(lake, SUNDAY - back * DAY, [0.25] * 24)
    spent(lake, SUNDAY, [1.0] * 24)
    # From the first hour of the new month on its day is spent.
    spent(lake, SUNDAY + DAY, [12.0] * 6)
    window = Window(SUNDAY - HOUR, SUNDAY + DAY + 6 * HOUR)
    measured_fully(lake, PROJECT, settings, window.end)
    run(settings, window.end, window)
    assert happened(lake, "daily_cost") == [
        ("raised", SUNDAY + 11 * HOUR),
        ("resolved", SUNDAY + 25 * HOUR),
        ("raised", SUNDAY + 26 * HOUR),
    ]
    assert happened(lake, "weekly_cost") == [
        ("raised", SUNDAY),
        ("renewed", SUNDAY + 24 * HOUR),
        ("resolved", SUNDAY + 25 * HOUR),
        ("raised", SUNDAY + 26 * HOUR),
    ]
    assert happened(lake, "monthly_cost_nears")[:2] == [
        ("raised", SUNDAY + 3 * HOUR),
        ("resolved", SUNDAY + 25 * HOUR),
    ]
    assert happened(lake, "monthly_cost")[:2] == [("raised", SUNDAY + 11 * HOUR), ("resolved", SUNDAY + 25 * HOUR)]


def test_the_message_names_the_budget_and_the_end_the_new_period(tmp_path):
    lake, settings = lake_below(tmp_path), only(tmp_path, "monthly_cost_nears")
    spent(lake, SUNDAY, [20.0, 13.0, *[0.0] * 22])
    spent(lake, SUNDAY + DAY, [1.0])
    window = Window(SUNDAY, SUNDAY + DAY + HOUR)
    run(settings, window.end, window)
    raised, resolved = sorted(events_of(lake, PROJECT, SUNDAY + 9 * DAY), key=lambda event: event.start_time)
    assert raised.message == (
        "Cost: $33.00 (4 units), 1 May 00:00 to 31 May 02:00 UTC; 80.0% of the month's budget is $32.00."
    )
    assert resolved.message == "Cost: a new month has begun. Closed after 23 h."


def test_without_a_budget_for_the_project_nothing_is_told(tmp_path):
    lake, settings = lake_below(tmp_path), only(tmp_path, "daily_cost", "weekly_cost", "monthly_cost")
    spent(lake, SUNDAY, [1000.0] * 24)
    other = settings.model_copy(update={"cost": Settings(cost={"budgets": {"other": BUDGETS["shop"]}}).cost})
    run(other, SUNDAY + DAY, Window(SUNDAY, SUNDAY + DAY))
    assert events_of(lake, PROJECT, SUNDAY + DAY) == []


def test_cost_that_is_unusual_for_these_hours_is_told_and_its_end_too(tmp_path):
    """Ten calls an hour; at noon they cost four times what they cost at night, as they do every day."""
    lake, settings = lake_below(tmp_path), only(tmp_path, "cost_rises")
    day = [0.5 * (4 if 8 <= hour < 20 else 1) for hour in range(24)]
    for back in range(36, 0, -1):
        wave = 1 + 0.1 * (back % 3 - 1)
        spent(lake, SUNDAY - back * DAY, [usd * wave for usd in day], calls=10)
    spent(lake, SUNDAY, [usd * (3 if 10 <= hour < 16 else 1) for hour, usd in enumerate(day)], calls=10)
    measured_fully(lake, PROJECT, settings, SUNDAY + DAY)
    quiet = Window(SUNDAY - DAY, SUNDAY + 10 * HOUR)
    run(settings, quiet.end, quiet)
    assert happened(lake, "cost_rises") == []
    run(settings, SUNDAY + DAY, Window(quiet.end, SUNDAY + DAY))
    assert [what for what, _ in happened(lake, "cost_rises")] == ["raised", "resolved"]
    raised, resolved = (when for _, when in happened(lake, "cost_rises"))
    assert SUNDAY + 11 * HOUR < raised <= SUNDAY + 14 * HOUR
    assert SUNDAY + 16 * HOUR < resolved <= SUNDAY + DAY
    assert told(tmp_path / "told") == ["shop: alerts: 1 raised, 1 resolved"]
