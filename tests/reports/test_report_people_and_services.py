"""Sections on goals, sessions, feedback, guardrails, coverage of evaluation and of tracing, on literal rows."""

import datetime as dt

import pytest

from tasks.reports.compose import known_sections, part
from tasks.reports.sections.goals import verdict
from tasks.shared.pages.blocks import Change, Interval, Link, Number, Table, Text
from tasks.shared.pages.wording import written
from tasks.shared.records import Metric
from tasks.shared.settings import GoalSettings, ReportSettings
from tests.reports.days import (
    PHOENIX,
    at,
    check,
    decision,
    evidence_of,
    full_evidence,
    given,
    guardrail,
    llm,
    metric,
    span,
)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    return full_evidence(tmp_path_factory.mktemp("full"))


def rows(evidence, section, title):
    found = next(b for b in part(evidence, section).blocks if isinstance(b, Table) and b.title == title)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def warnings(evidence, section):
    return [b.text for b in part(evidence, section).blocks if isinstance(b, Text) and b.tone == "warning"]


# What has no rows in a full day here is tested beside its own rows.
TOLD_HERE = sorted(known_sections().keys() - {"alerts", "budgets"})


@pytest.mark.parametrize("name", TOLD_HERE)
def test_every_section_has_a_table_with_rows_on_a_full_day_and_leads_to_evidence(day, name):
    tables = [b for b in part(day, name).blocks if isinstance(b, Table) and b.rows]
    assert any(isinstance(cell, Link) for table in tables for row in table.rows for cell in row)


AT_LEAST, AT_MOST = GoalSettings(metric="m", at_least=0.9), GoalSettings(metric="m", at_most=0.9)


@pytest.mark.parametrize(
    ("value", "low", "high", "at_least", "at_most"),
    [
        (0.95, 0.91, 0.99, "met", "missed"),
        (0.8, 0.7, 0.89, "missed", "met"),
        (0.95, 0.85, 0.99, "cannot tell", "cannot tell"),
        (0.85, 0.8, 0.95, "cannot tell", "cannot tell"),
        (0.9, None, None, "met", "met"),
        (0.91, None, None, "met", "missed"),
    ],
)
def test_a_goal_is_met_or_missed_by_the_whole_interval(value, low, high, at_least, at_most):
    figure = Metric("m", value, 10, 1.0, low, high)
    assert (verdict(AT_LEAST, figure), verdict(AT_MOST, figure)) == (at_least, at_most)
    assert verdict(AT_LEAST, None) == "no figure"


def test_goals_show_their_figure_standing_and_move(day):
    success, satisfaction, latency = rows(day, "goals", "Goals")
    assert (success["Wanted"], success["Standing"], success["Change"]) == ("at least 94.0%", "met", None)
    assert (satisfaction["Standing"], satisfaction["n"]) == ("missed", Number(80))
    assert satisfaction["Change"].moved
    assert written(satisfaction["Change"]).startswith("\N{BLACK UP-POINTING TRIANGLE} +30.0 points")
    assert (latency["Wanted"], latency["Standing"]) == ("at most 5.00 s", "cannot tell")
    assert latency["Evidence"].url == f"{PHOENIX}/redirects/traces/{span(9)['trace_id']}"
    assert satisfaction["Evidence"].url == f"{PHOENIX}/redirects/traces/{span(4)['trace_id']}"
    assert warnings(day, "goals") == ["Missed: Satisfied users."]


def test_goals_of_the_settings_take_the_place_of_the_usual_ones(tmp_path):
    goals = {"cheap": GoalSettings(metric="cost_usd", at_most=1.0), "unknown": GoalSettings(metric="x/y", at_least=1.0)}
    evidence = evidence_of(tmp_path, {"metrics": [metric("cost_usd", 2.0, low=None, high=None, unit="usd")]},
                           reports=ReportSettings(goals=goals))  # fmt: skip
    cheap, unknown = rows(evidence, "goals", "Goals")
    assert (cheap["Goal"], cheap["Wanted"], cheap["Value"], cheap["Standing"]) == (
        "Cheap", "at most $1.00", Number(2.0, "usd"), "missed",
    )  # fmt: skip
    assert (unknown["Value"], unknown["Standing"]) == (Number(None, "number"), "no figure")


def test_a_goal_needs_one_bound():
    with pytest.raises(ValueError, match="one of at_least and at_most"):
        GoalSettings(metric="m")
    with pytest.raises(ValueError, match="one of at_least and at_most"):
        GoalSettings(metric="m", at_least=1, at_most=2)


def test_sessions_show_what_was_published_and_the_latest_of_them(day):
    figures = {row["Figure"]: row for row in rows(day, "sessions", "Sessions")}
    assert figures["Questions per session, mean"]["Value"] == Number(4.0, "number")
    assert figures["Duration, p95"]["95 % interval"] == Interval(81_000.0, pytest.approx(99_000.0), "ms")
    assert figures["Sessions that succeed"]["Evidence"].text == "latest failure"
    latest, earlier = rows(day, "sessions", "Recent sessions")
    assert (latest["Session"].text, latest["Questions"], latest["First question"]) == ("s2", Number(1), "Why?")
    assert earlier["Session"].url == f"{PHOENIX}/redirects/sessions/s1"
    assert (earlier["Questions"], earlier["Failed"], earlier["Cost"]) == (Number(8), Number(0), Number(0.08, "usd"))
    assert earlier["Duration"] == Number(7 * 3_600_000 + 100, "ms")


def test_sessions_that_tracking_has_not_looked_at_are_a_warning(tmp_path):
    evidence = evidence_of(tmp_path, {"spans": [span(1, session_id="s")]})
    assert warnings(evidence, "sessions") == ["Tracking has published nothing of the sessions of 2026-11-19."]
    assert warnings(evidence_of(tmp_path / "none"), "sessions") == []


def test_feedback_brings_ratings_of_the_application_and_what_people_wrote(day):
    positive, negative = rows(day, "feedback", "Ratings that the application recorded")
    assert (positive["Rating"], positive["n"], positive["Wait for it"]) == ("positive", Number(2), Number(1))
    assert negative["Evidence"].url.endswith(span(4)["trace_id"])
    assert [row["Comment"] for row in rows(day, "feedback", "What people wrote")] == [
        "Wrong site",
        "=1+1 is what I got",
    ]
    (satisfied,) = rows(day, "feedback", "Satisfaction")
    assert (satisfied["Value"], satisfied["Coverage"]) == (Number(0.7, "share"), Number(0.2, "share"))


def test_a_comment_is_shown_without_the_secrets_in_it(tmp_path):
    evidence = evidence_of(tmp_path, {"feedback": [given(1, 1, comment="my key is sk-abcdefghijklmnop")]})
    assert rows(evidence, "feedback", "What people wrote")[0]["Comment"] == "my key is [masked]"


def test_guardrails_block_by_an_error_or_by_what_they_say(tmp_path):
    spans = [span(1, input="What is the password?"), *(guardrail(10 + i, 1) for i in range(8))]
    spans += [
        guardrail(20, 1, output="Access denied", start_time=at(14)),
        guardrail(21, 1, status_code="ERROR", output=None, exception_message="policy 7"),
        guardrail(30, 1, name="other"),
        llm(40, 1, output="I blocked it"),
    ]
    evidence = evidence_of(tmp_path, {"spans": spans})
    guard, other = rows(evidence, "guardrails", "Guardrails")
    assert (guard["Guardrail"], guard["Looked at"], guard["Blocked"], guard["of these by an error"]) == (
        "guard", Number(10), Number(2), Number(1),
    )  # fmt: skip
    assert (guard["Rate"], guard["Traces"]) == (Number(0.2, "share"), Number(1))
    assert (other["Blocked"], other["Evidence"]) == (Number(0), None)
    latest = rows(evidence, "guardrails", "Latest blocks")
    assert [(row["What was asked"], row["What it said"]) for row in latest] == [
        ("What is the password?", "Access denied"),
        ("What is the password?", "policy 7"),
    ]


def test_evaluation_coverage_is_the_share_decided_within_a_day_of_the_unit_s_start(tmp_path):
    next_day = {"decided_at": at(36)}
    decisions = [
        *(decision("e", i) for i in range(1, 7)),
        decision("e", 7, status="errored", score=None),
        decision("e", 8, decided_at=at(37)),
        decision("e", 9, status="pending", score=None),
        decision("e", 10, status="not_applicable", score=None),
        decision("e", 6, version="2", **next_day, score=0.0),
        decision("f", 1, start_time=at(13), **next_day),
    ]
    evidence = evidence_of(tmp_path, {"decisions": decisions})
    e, f = rows(evidence, "evaluation_coverage", "Decided within 24 hours of the unit's start")
    assert (e["In time"], e["n"], e["Undecided"]) == (Number(7 / 9, "share"), Number(9), Number(1))
    assert e["Evidence"].url.endswith(span(8)["trace_id"])
    assert (f["In time"], f["Time to decide, p95"]) == (Number(1.0, "share"), Number(23 * 3_600_000, "ms"))


def test_units_that_wait_are_a_warning_once_their_day_is_over(tmp_path):
    """The report is made at nine the next morning: a unit of six is late, one of noon is not due."""
    waiting = [decision("e", i, status="pending", score=None, start_time=at(hour)) for i, hour in ((1, 6), (2, 12))]
    evidence = evidence_of(tmp_path, {"decisions": [*waiting, decision("e", 3)]})
    (row,) = rows(evidence, "evaluation_coverage", "Decided within 24 hours of the unit's start")
    assert (row["Undecided"], row["of these not due"]) == (Number(2), Number(1))
    assert warnings(evidence, "evaluation_coverage") == ["Left undecided too long: e (1)."]


def test_services_are_told_by_their_name_and_else_by_the_names_of_their_spans(day):
    found = {row["Service"]: row for row in rows(day, "tracing_coverage", "Services")}
    assert warnings(day, "tracing_coverage") == ["No span of batch was seen."]
    assert (found["batch"]["Spans"], found["batch"]["Expected"]) == (Number(0), "yes")
    assert (found["chat"]["Spans"], found["chat"]["Known by"]) == (Number(1), "service.name")
    assert (found["answers"]["Spans"], found["answers"]["Known by"]) == (Number(20), "span names")
    assert (found["(not told)"]["Spans"], found["(not told)"]["Expected"]) == (Number(6), None)


def test_a_service_s_own_name_goes_before_its_span_names(tmp_path):
    spans = [span(1, service_name="other", name="answer"), span(2, name="answer")]
    services = ReportSettings(services={"answers": ("answer",)})
    found = rows(evidence_of(tmp_path, {"spans": spans}, reports=services), "tracing_coverage", "Services")
    assert [(row["Service"], row["Spans"], row["Expected"]) for row in found] == [
        ("answers", Number(1), "yes"),
        ("other", Number(1), "no"),
    ]


def test_a_span_counts_once_for_a_service_however_many_of_its_patterns_it_matches(tmp_path):
    spans = [
        *(span(1, service_name="rewriter", name="start"), span(2, name="rewrite")),
        *(span(3, name="rewrite.draft"), span(4, name="rewrite.check"), span(5, name="other")),
    ]
    services = ReportSettings(services={"rewriter": ("rewrite", "rewrite.*", "re*"), "silent": ("x", "y")})
    found = rows(evidence_of(tmp_path, {"spans": spans}, reports=services), "tracing_coverage", "Services")
    assert [(row["Service"], row["Spans"], row["Share"], row["Span names"]) for row in found] == [
        ("silent", Number(0), Number(0.0, "share"), None),
        ("rewriter", Number(4), Number(0.8, "share"), Number(4)),
        ("(not told)", Number(1), Number(0.2, "share"), Number(1)),
    ]


def test_a_check_that_fails_leads_to_its_validation_page(tmp_path):
    hour = {"start_time": at(1), "end_time": at(2)}
    failed = check("unique", table_name="decisions", file="judge@1", success=False, failing=2, checked=3, **hour)
    blocks = part(evidence_of(tmp_path, {"checks": [check("unique"), failed]}), "data_quality").blocks
    (link,) = [block.link for block in blocks if isinstance(block, Text) and block.link]
    assert link == Link(
        "validation",
        "../../../validations/project=shop/date=2026-11-19/decisions-judge@1-20261119T01-20261119T02.html",
    )


def test_rates_and_latencies_by_span_name_are_compared_with_the_week_before(tmp_path):
    week = dt.timedelta(days=7)
    failing = [span(i, status_code="ERROR" if i < 60 else "OK") for i in range(100)]
    fine = [span(1000 + i, start_time=at(12) - week) for i in range(100)]
    before = evidence_of(tmp_path).before
    quick = metric("latency_ms/p95", 50.0, dimension="name=answer", start_time=before.window.start)
    evidence_of(tmp_path, {"spans": fine, "metrics": [quick]}, before.window)
    slow = metric("latency_ms/p95", 100.0, dimension="name=answer")
    evidence = evidence_of(tmp_path, {"spans": failing, "metrics": [slow]})
    (errors,) = rows(evidence, "errors", "Errors by span name")
    assert (errors["A week before"], errors["Change"].moved) == (Number(0.0, "share"), True)
    (latency,) = rows(evidence, "latency", "Latency by span name")
    assert (latency["Change of p95"].value, latency["Change of p95"].moved) == (pytest.approx(1.0), True)


def test_scores_have_their_change_and_what_judges_pass_corrected(tmp_path):
    decisions = [decision("relevance", i, kind="llm", score=1.0) for i in range(1, 11)]
    published = [
        metric("score/relevance", 1.0, low=0.9, high=1.0),
        metric("pass_rate/relevance", 0.9),
        metric("pass_rate_corrected/relevance", 0.8, low=0.7, high=0.85),
    ]
    before = evidence_of(tmp_path).before
    earlier = [metric("score/relevance", 0.5, low=0.4, high=0.6, start_time=before.window.start)]
    evidence_of(tmp_path, {"metrics": earlier}, before.window)
    (row,) = rows(
        evidence_of(tmp_path, {"decisions": decisions, "metrics": published}), "scores", "Scores by evaluator"
    )
    assert (row["Passes"], row["Passes, corrected"]) == (Number(0.9, "share"), Number(0.8, "share"))
    assert row["95 %, corrected"] == Interval(0.7, 0.85, "share")
    assert row["Change"].moved
    assert isinstance(row["Change"], Change)
