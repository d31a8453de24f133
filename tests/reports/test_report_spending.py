"""What the report says of cost and tokens over days, of queries and cohorts, and of budgets."""

import datetime as dt
import json

import pytest

from tasks.reports.compose import part
from tasks.reports.sections.budgets import gone_on
from tasks.shared.pages.blocks import Change, Chart, Link, Number, Table, Text
from tasks.shared.records import Metric, Window
from tasks.shared.settings import CostSettings
from tasks.shared.statistics.burn_down import Reached
from tasks.shared.store.tables import METRICS
from tasks.tracking.summary import metric_rows
from tests.reports.days import PROJECT, at, evidence_of, llm, span

TODAY = dt.date(2026, 11, 19)  # a Thursday
ONE = dt.timedelta(days=1)


def remembered(evidence, usd, until=TODAY, **others):
    """Give the lake metrics of cost; *usd* by day."""
    for day, cost in usd.items():
        metrics = [Metric("cost_usd", cost, 9, 1.0), Metric("tokens/total", cost * 1000, 9, 1.0)]
        metrics += [Metric("judging_cost_usd", cost / 10, 9, 1.0)]
        evidence.lake.write(METRICS, PROJECT, Window.of_day(day), metric_rows(metrics, Window.of_day(day)))
    return evidence


def rhythm(days, until=TODAY, usd=10.0):
    return {day: usd / (2 if day.weekday() > 4 else 1) for day in (until - i * ONE for i in range(days))}


def spans():
    """Three queries of pro users, two of one session, and one whose model has no price."""
    plans = [json.dumps({"plan": plan}) for plan in ("pro", "pro", "pro", "free")]
    roots = [
        span(i, metadata=plan, session_id=session, user_id=f"u{i}", start_time=at(i))
        for i, (plan, session) in enumerate(zip(plans, ("s1", "s1", "s2", "s3"), strict=True), start=1)
    ]
    costs = (0.1, 0.3, 0.2, None)
    return [*roots, *(llm(100 + i, i, cost_usd=usd, start_time=at(i)) for i, usd in enumerate(costs, start=1))]


def budgeted(**usd):
    return {"cost": CostSettings.model_validate({"budgets": {"*": usd}})}


def blocks(evidence, section, kind):
    return [block for block in part(evidence, section).blocks if isinstance(block, kind)]


def table(evidence, section, title):
    return next(each for each in blocks(evidence, section, Table) if each.title == title)


def test_cost_and_tokens_so_far_stand_beside_the_same_days_before(tmp_path):
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}), rhythm(60) | {TODAY: 30.0})
    day, week, month = table(evidence, "cost", "Cost so far").rows
    assert day[:3] == ("Thursday 19 November", Number(30.0, "usd"), "1 of 1")
    assert day[3:6] == (Number(10.0, "usd"), "1 of 1", Change(2.0))
    assert week[:2] == ("Week to 19 November", Number(60.0, "usd"))
    assert week[5].value == pytest.approx(0.5)
    october = sum(rhythm(60)[dt.date(2026, 10, i)] for i in range(1, 20))
    assert (month[3], month[4]) == (Number(october, "usd"), "19 of 19")
    assert table(evidence, "tokens", "Tokens so far").rows[0][1] == Number(30_000.0, "tokens")


def test_with_unknown_days_no_change_is_told(tmp_path):
    known = rhythm(42)
    del known[dt.date(2026, 11, 17)]
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}), known)
    _, week, month = table(evidence, "cost", "Cost so far").rows
    assert (week[2], week[4], week[5]) == ("3 of 4", "4 of 4", None)
    assert (month[4], month[5]) == ("11 of 19", None)


def test_before_tracking_has_run_the_day_is_counted_from_its_spans(tmp_path):
    evidence = evidence_of(tmp_path, {"spans": spans()})
    assert table(evidence, "cost", "Cost so far").rows[0][1] == Number(pytest.approx(0.6), "usd")


def test_a_week_is_compared_with_the_week_before_and_has_no_row_for_a_day(tmp_path):
    sunday = dt.date(2026, 11, 22)
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}, edition="week"), rhythm(60, sunday))
    rows = table(evidence, "cost", "Cost so far").rows
    assert [row[0] for row in rows] == ["Week to 22 November", "Month to 22 November"]
    assert rows[0][5] == Change(0.0)


def test_the_dearest_traces_come_first_with_links(tmp_path):
    rows = table(evidence_of(tmp_path, {"spans": spans()}), "cost", "Most expensive traces").rows
    assert [row[-1] for row in rows] == [Number(usd, "usd") for usd in (0.3, 0.2, 0.1)]
    assert all(isinstance(row[0], Link) for row in rows)


def test_what_a_query_costs_speaks_for_those_whose_calls_have_a_price(tmp_path):
    (row,) = table(evidence_of(tmp_path, {"spans": spans()}), "queries", "Cost per query").rows
    assert row[:3] == (Number(4), Number(0.75, "share"), Number(4))
    assert row[6] == Number(pytest.approx(0.2), "usd")
    assert row[7].low < 0.2 < row[7].high


def test_cohorts_are_those_of_the_roots_metadata(tmp_path):
    evidence = evidence_of(tmp_path, {"spans": spans()})
    pro, free = table(evidence, "queries", "Cost by plan").rows
    assert (pro[0], pro[1], pro[7]) == ("pro", Number(3), Number(pytest.approx(0.2), "usd"))
    assert (free[0], free[2], free[7]) == ("free", Number(0.0, "share"), Number(None, "usd"))
    assert [each.title for each in blocks(evidence, "queries", Table)] == ["Cost per query", "Cost by plan"]


def test_a_hostile_field_name_is_a_name_and_no_sql(tmp_path):
    name = 'x") FROM/ spans~; --'
    rows = [span(1, metadata=json.dumps({name: "gold"}))]
    cost = CostSettings(cohorts=(name,))
    assert table(evidence_of(tmp_path, {"spans": rows}, cost=cost), "queries", f"Cost by {name}").rows[0][0] == "gold"


def test_a_budget_that_is_overspent_is_a_warning_and_one_on_its_way_a_note(tmp_path):
    settings = budgeted(day_usd=8, week_usd=60, month_usd=1000)
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}, **settings), rhythm(20))
    day, week = blocks(evidence, "budgets", Text)[:2]
    assert (day.tone, day.text) == ("warning", "The day's budget of $8.00 is used to 125.00% ($10.00).")
    assert week.tone == "note"
    assert "used to 66.7% ($40.00). The whole week is expected to take $70.00; " in week.text
    assert week.text.endswith("the budget is gone on 21 Nov (how unsure is not known).")


def test_every_table_of_budgets_leads_to_the_calls(tmp_path):
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}, **budgeted(month_usd=200)), rhythm(60))
    tables = blocks(evidence, "budgets", Table)
    assert len(tables) == 4
    assert all(isinstance(row[-1], Link) and "projects" in row[-1].url for each in tables for row in each.rows)


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ((19, 19, 19), "19 Nov"),
        ((19, 17, 24), "19 Nov (17 Nov to 24 Nov)"),
        ((19, 17, None), "19 Nov (17 Nov to later than the period)"),
        ((19, None, None), "19 Nov (how unsure is not known)"),
        ((None, 28, None), "28 Nov at the earliest"),
        ((None, None, None), "not in this period"),
    ],
)
def test_the_day_on_which_a_budget_is_gone_comes_with_how_sure_it_is(gone, said):
    assert gone_on(Reached(*(day and dt.date(2026, 11, day) for day in gone))) == said


def test_a_budget_that_the_forecast_oversteps_is_a_warning_before_it_is_gone(tmp_path):
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}, **budgeted(month_usd=200)), rhythm(60))
    text = blocks(evidence, "budgets", Text)[0]
    assert text.tone == "warning"
    month = sum(5 if dt.date(2026, 11, i).weekday() > 4 else 10 for i in range(1, 31))
    assert f"expected to take ${month:.2f}" in text.text
    assert "gone on 24 Nov" in text.text


def test_the_burn_down_is_drawn_from_what_is_left_to_what_is_expected(tmp_path):
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}, **budgeted(month_usd=300)), rhythm(60))
    (chart,) = blocks(evidence, "budgets", Chart)
    assert (len(chart.rows), chart.series) == (30, ("left", "even pace", "expected"))
    today = chart.rows[18]
    assert today[0] == "19 Nov"
    assert today[1] == today[3]
    assert (chart.rows[17][3], chart.rows[19][1]) == (None, None)
    assert chart.rows[19][3] == pytest.approx(today[1] - 10, rel=1e-6)


def test_forecast_usual_and_judging_are_there_without_a_budget(tmp_path):
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}), rhythm(60) | {TODAY: 30.0})
    assert blocks(evidence, "budgets", Text)[0].text.startswith("No budget is set for shop")
    (month,) = table(evidence, "budgets", "Forecast of the month").rows
    assert (month[0], month[2], month[5]) == ("November 2026", Number(11), Number(56))
    (usual,) = table(evidence, "budgets", "How usual the day is").rows
    assert usual[4].value > 10
    assert table(evidence, "budgets", "Judging beside the traffic").rows[1][3] == Number(pytest.approx(3 / 60), "share")


def test_too_few_days_say_why_there_is_no_forecast(tmp_path):
    evidence = remembered(evidence_of(tmp_path, {"spans": spans()}), rhythm(5))
    assert "There is no forecast of the month: 5 days are known" in blocks(evidence, "budgets", Text)[1].text
