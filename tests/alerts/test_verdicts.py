"""Verdicts: beyond the limit for sure, not by chance, not by a handful, and against what is usual."""

import datetime as dt
import random

import numpy as np
import pytest

from tasks.alerts.readings import Calibration, labelled_rate
from tasks.alerts.verdicts import needed_hours
from tasks.shared.records import DAY
from tasks.shared.settings import AlertSettings
from tasks.shared.statistics.estimate import share
from tasks.shared.statistics.intervals import wilson
from tests.alerts.series import amount, history_of, hour, judgement, rate, rule, times

WEEK = 168
NOW = 6 * WEEK


def state(of, history, end=1, series="", **settings):
    return judgement(of, history, **settings).at(hour(end))[series].state


@pytest.mark.parametrize(
    ("bad", "n", "expected"),
    [
        (3, 3, "unsure"),  # three of three spans page nobody
        (4, 4, "unsure"),
        (3, 20, "unsure"),  # 15 %, but the exact interval begins at 3.2 %
        (5, 20, "breach"),
        (20, 200, "breach"),
        (10, 200, "clear"),
        (0, 3, "clear"),
        (0, 0, "unknown"),
    ],
)
def test_a_rate_is_beyond_its_limit_when_the_near_end_of_its_interval_is(bad, n, expected):
    assert state(rule(), history_of("error_rate", {0: rate(bad, n)})) == expected


def test_the_minimum_effect_is_asked_on_top():
    history = history_of("error_rate", {0: rate(130, 2000)})
    assert state(rule(), history) == "breach"
    assert state(rule(minimum_effect="2 %"), history) == "unsure"


def test_windows_add_hours_up_and_an_hour_that_is_not_known_is_not_guessed():
    history = history_of("error_rate", {0: rate(2, 20), 1: rate(3, 20), 2: rate(3, 20), 3: rate(3, 20)})
    assert state(rule(), history, end=4) == "unsure"
    assert state(rule(window="4h"), history, end=4) == "breach"
    assert state(rule(window="4h"), history, end=5) == "unknown"
    history = history_of("error_rate", {n: rate(3, 20) for n in (0, 1, 3)})
    assert state(rule(window="4h"), history, end=4) == "breach"
    assert state(rule(window="4h"), history_of("error_rate", {n: rate(3, 20) for n in (1, 3)}), end=4) == "unknown"


def test_a_quantile_is_beyond_by_the_order_statistic_below_it():
    slow, few = times(*[12_000.0] * 80, *[100.0] * 120), times(*[12_000.0] * 4)
    assert state(rule("latency_p95_ms", "> 10 s"), history_of("latency_p95_ms", {0: slow})) == "breach"
    assert state(rule("latency_p95_ms", "> 10 s"), history_of("latency_p95_ms", {0: few})) == "unsure"
    mostly = times(*[12_000.0] * 11, *[100.0] * 189)
    assert state(rule("latency_p95_ms", "> 10 s"), history_of("latency_p95_ms", {0: mostly})) == "unsure"


def test_satisfaction_falls_below():
    assert state(rule("satisfaction", "< 85 %"), history_of("satisfaction", {0: rate(30, 60)})) == "breach"
    assert state(rule("satisfaction", "< 85 %"), history_of("satisfaction", {0: rate(48, 60)})) == "unsure"


def test_what_was_spent_today_is_exact_and_needs_a_budget():
    history = history_of("cost_usd", {n: amount(0.5, n=1) for n in range(30)})
    spent = rule("cost_usd", "> budget", window="today")
    judged = judgement(spent, history)
    assert judged.at(hour(24))[""].state == "unknown"
    judged = judgement(spent, history)
    judged.budget_usd = 10.0
    assert [judged.at(hour(end))[""].state for end in (20, 21, 24, 25)] == ["clear", "breach", "breach", "clear"]
    assert judged.at(hour(24))[""].value == 12.0


# The 19th of November 2026 is a Thursday: the week began 72 hours before, the month 432; December begins 288 after.
PERIODS = [("today", 0, 24), ("this week", -72, 96), ("this month", -432, 288)]


@pytest.mark.parametrize(("window", "begins", "ends"), PERIODS)
def test_the_budget_of_a_period_is_used_by_what_the_period_cost_so_far(window, begins, ends):
    history = history_of("cost_usd", {n: amount(1.0, n=1) for n in range(begins - 100, ends + 10)})
    over = judgement(rule("cost_usd", "> budget", window=window), history)
    nears = judgement(rule("cost_usd", "> 80 % of budget", window=window), history)
    over.budget_usd = nears.budget_usd = 20.0
    assert [over.at(hour(begins + n))[""].state for n in (0, 1, 20, 21)] == ["breach", "clear", "clear", "breach"]
    assert [nears.at(hour(begins + n))[""].state for n in (1, 16, 17)] == ["clear", "clear", "breach"]
    assert (over.at(hour(ends))[""].value, over.at(hour(ends + 1))[""].value) == (ends - begins, 1.0)
    assert nears.at(hour(ends))[""].limit == 16.0


def test_a_budget_is_known_to_be_gone_from_the_hours_that_are_known_and_not_known_not_to_be():
    history = history_of("cost_usd", {n: amount(1.0, n=1) for n in range(-30, 5)})
    spent = judgement(rule("cost_usd", "> budget", window="this month"), history)
    spent.budget_usd = 30.0
    assert [spent.at(hour(end))[""].state for end in (0, 1)] == ["unknown", "breach"]


def test_of_fifty_series_one_that_is_beyond_by_chance_is_not_called_so_and_one_that_is_far_beyond_is():
    history = history_of("error_rate", {0: rate(5, 20)}, "name=s00")
    for number in range(1, 50):
        history_of("error_rate", {0: rate(1, 60)}, f"name=s{number:02}", history)
    by_name = rule(by="name")
    assert state(rule(by="name", series=["s00"]), history, series="name=s00") == "breach"
    assert state(by_name, history, series="name=s00") == "unsure"
    history_of("error_rate", {0: rate(12, 20)}, "name=s07", history)
    assert state(by_name, history, series="name=s07") == "breach"


LABELS = {True: share(90, 100), False: share(80, 100)}


def test_where_people_s_labels_tell_how_a_judge_errs_its_errors_are_taken_out():
    history = history_of("hallucination_rate", {0: rate(60, 200)}, "evaluator=faithfulness")
    judged = rule("hallucination_rate", "> 10 %", by="evaluator")
    series = "evaluator=faithfulness"
    assert state(judged, history, series=series) == "breach"
    # A judge that fails 10 of 100 good ones, and passes 20 of 100 bad ones: 0.3 raw is (0.3 - 0.1) / 0.7.
    labels = {"faithfulness": [Calibration(hour(0).date(), LABELS[True], LABELS[False])]}
    found = judgement(judged, history, labels).at(hour(1))[series]
    assert found.corrected
    assert found.value == pytest.approx(0.2 / 0.7)
    earlier = {"faithfulness": [Calibration(hour(0).date() + DAY, LABELS[True], LABELS[False])]}
    assert not judgement(judged, history, earlier).at(hour(1))[series].corrected
    coin = {"faithfulness": [Calibration(hour(0).date(), share(50, 100), share(50, 100))]}
    assert judgement(judged, history, coin).at(hour(1))[series].value == pytest.approx(0.3)


def test_a_stored_rate_has_the_labels_that_its_interval_tells_of():
    low, high = wilson(18, 20)
    assert labelled_rate(0.9, low, high, 20).effective_n == pytest.approx(20)
    low, high = wilson(9, 10)
    assert labelled_rate(0.9, low, high, 20).effective_n == pytest.approx(10, rel=1e-3)


def weekly(draw, metric="error_rate", usual=0.04, n=200, weeks=7):
    """Hours of a rate with a rhythm of the day."""
    hours = {}
    for number in range(weeks * WEEK):
        busy = n * (1 + (number % 24 > 8))
        p = usual * (1.5 if number % 24 > 12 else 1.0)
        hours[number] = rate(sum(draw.random() < p for _ in range(busy)), busy)
    return history_of(metric, hours)


def test_a_rise_against_earlier_weeks_is_found_and_the_rhythm_of_the_day_is_not_one():
    history = weekly(random.Random(1))
    usual = judgement(rule(condition="rises"), history)
    states = [usual.at(hour(NOW + n))[""].state for n in range(48)]
    assert states.count("breach") <= 2
    history_of("error_rate", {NOW + 10: rate(48, 400)}, into=history)
    assert state(rule(condition="rises"), history, end=NOW + 11) == "breach"
    assert state(rule(condition="changes"), history, end=NOW + 11) == "breach"
    assert state(rule(condition="falls"), history, end=NOW + 11) == "clear"
    assert state(rule(condition="rises", minimum_effect="20 %"), history, end=NOW + 11) == "clear"
    assert judgement(rule(condition="rises"), history).at(hour(NOW + 11))[""].limit == pytest.approx(0.04, abs=0.012)


def in_days(draw, weeks, drop=0.0, n=100):
    """Hours of a pass rate of 90 % that varies from day to day, and a drop on the day after so many weeks."""
    hours = {}
    for day in range(weeks * 7 + 1):
        usual = 0.9 + draw.normal(0.0, 0.005) - (drop if day == weeks * 7 else 0.0)
        for number, passed in enumerate(draw.binomial(n, usual, 24).tolist()):
            hours[day * 24 + number] = rate(passed, n)
    return history_of("pass_rate", hours)


@pytest.mark.parametrize("window", ["6h", "1d"])
@pytest.mark.parametrize(("drop", "expected"), [(0.0, 0), (0.1, 10), (0.2, 10)])
def test_drops_of_a_tenth_and_a_fifth_are_found_in_long_windows_and_quiet_days_are_none(window, drop, expected):
    falls, end = rule("pass_rate", "falls", window=window, minimum_effect="5 %"), 8 * WEEK + 24
    states = [state(falls, in_days(np.random.default_rng(seed), 8, drop), end) for seed in range(10)]
    assert states.count("breach") == expected


def test_a_few_days_say_nothing_of_how_much_days_vary():
    falls = rule("pass_rate", "falls", window="1d")
    history = in_days(np.random.default_rng(4), 3)
    known = [state(falls, history, 2 * WEEK + 24 * days) != "unknown" for days in (2, 4, 7, 8)]
    assert known == [False, False, False, True]


def test_without_earlier_weeks_nothing_is_said_of_a_change():
    history = weekly(random.Random(2), weeks=2)
    assert state(rule(condition="rises"), history, end=2 * WEEK) == "unknown"
    few = history_of("error_rate", {n: rate(1, 5) for n in range(7 * WEEK)})
    assert state(rule(condition="rises"), few, end=NOW) == "unknown"


def test_cost_that_doubles_is_a_rise_of_a_hundred_percent():
    draw = random.Random(3)
    history = history_of("cost_usd", {n: amount(5.0 * draw.uniform(0.9, 1.1), n=100) for n in range(7 * WEEK)})
    history_of("cost_usd", {NOW: amount(10.0, n=100)}, into=history)
    assert state(rule("cost_usd", "rises", minimum_effect="50 %"), history, end=NOW + 1) == "breach"
    assert state(rule("cost_usd", "rises", minimum_effect="150 %"), history, end=NOW + 1) == "clear"


def test_no_data_is_an_alert_only_where_earlier_weeks_had_some():
    hours = {n: amount(40.0 if 8 <= n % 24 < 20 else 2.0) for n in range(3 * WEEK)}
    hours |= {2 * WEEK + 9: amount(0.0, n=0), 2 * WEEK + 3: amount(0.0, n=0)}
    history = history_of("spans", hours)
    absent = rule("spans", "no data")
    assert state(absent, history, end=2 * WEEK + 10) == "breach"
    assert state(absent, history, end=2 * WEEK + 4) == "unsure"
    assert state(absent, history, end=2 * WEEK + 11) == "clear"
    del history.measured["spans"]
    assert state(absent, history, end=2 * WEEK + 10) == "unknown"


def test_an_old_outage_does_not_hide_a_new_one():
    hours = {n: amount(40.0) for n in range(4 * WEEK)}
    hours |= {WEEK + 9: amount(0.0, n=0), 3 * WEEK + 9: amount(0.0, n=0)}
    assert state(rule("spans", "no data"), history_of("spans", hours), end=3 * WEEK + 10) == "breach"
    hours |= {2 * WEEK + 9: amount(0.0, n=0)}
    assert state(rule("spans", "no data"), history_of("spans", hours), end=3 * WEEK + 10) == "unsure"


def test_a_sum_that_lacks_an_hour_is_not_below_anything():
    hours = {n: amount(10.0) for n in range(4)}
    assert state(rule("spans", "< 60", window="4h"), history_of("spans", hours), end=4) == "breach"
    del hours[1]
    assert state(rule("spans", "< 60", window="4h"), history_of("spans", hours), end=4) == "unknown"
    assert state(rule("spans", "> 20", window="4h"), history_of("spans", hours), end=4) == "breach"


def test_in_its_first_weeks_a_project_is_compared_with_earlier_days():
    hours = {n: amount(40.0) for n in range(96)} | {96: amount(0.0, n=0)}
    assert state(rule("spans", "no data"), history_of("spans", hours), end=97) == "breach"
    young = {n: amount(40.0) for n in range(40, 96)} | {96: amount(0.0, n=0)}
    assert state(rule("spans", "no data"), history_of("spans", young), end=97) == "unsure"


def test_a_day_of_looks_at_a_change_errs_as_one_and_hold_down_counts_where_its_windows_do_not_overlap():
    history = weekly(random.Random(1))
    history_of("error_rate", {NOW + 10: rate(27, 400)}, into=history)
    end = NOW + 11
    assert state(rule(condition="rises"), history, end=end) == "unsure"
    assert state(rule(condition="rises", for_="1h"), history, end=end) == "breach"
    assert state(rule(condition="rises", for_="3h", window="6h"), history, end=end) == "clear"


def test_hold_down_asks_every_hour_of_it():
    history = history_of("error_rate", {0: rate(20, 40), 1: rate(0, 40), 2: rate(20, 40), 3: rate(20, 40)})
    held = judgement(rule(for_="1h"), history)
    assert [held.lasts("", hour(end)) for end in (1, 2, 3, 4)] == [False, False, False, True]


def test_the_history_that_a_rule_needs():
    settings = AlertSettings()
    assert needed_hours(rule(), settings) == 25
    assert needed_hours(rule(window="today"), settings) == 48
    assert needed_hours(rule(window="this month"), settings) == 31 * 24 + 24
    assert needed_hours(rule(condition="rises"), settings) == 25 + 6 * WEEK + 24
    assert needed_hours(rule(condition="rises", window="1d"), settings) == 48 + 8 * WEEK + 24
    assert dt.timedelta(hours=needed_hours(rule("spans", "no data"), settings)) == 28 * DAY + dt.timedelta(hours=25)
