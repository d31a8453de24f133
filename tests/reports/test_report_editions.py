"""Reports of weeks and months: the same sections over a longer time, computed from rows."""

import datetime as dt

import pytest

from tasks.reports.compose import compose, known_sections, part, subtitle
from tasks.shared.pages.blocks import Chart, Number, Table
from tasks.shared.records import Window
from tasks.shared.store.report_files import report_path
from tests.reports.days import DAY, evidence_of, metric, normal_day, span

WEEK = Window.of_edition("week", DAY.start.date())
MONTH = Window.of_edition("month", DAY.start.date())


def days_later(number, days, **values):
    return span(number, start_time=WEEK.start + dt.timedelta(days=days, hours=5), **values)


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Two days of a week: one trace began on the first and has a span on the second."""
    spans = [days_later(1, 0), days_later(2, 0, latency_ms=900.0, status_code="ERROR")]
    spans += [days_later(3, 1, trace_id=spans[0]["trace_id"], parent_id=spans[0]["span_id"])]
    spans += [days_later(i, 1, latency_ms=float(i)) for i in range(4, 8)]
    return evidence_of(tmp_path_factory.mktemp("week"), {"spans": spans}, WEEK, "week")


@pytest.mark.parametrize("name", known_sections())
@pytest.mark.parametrize("edition", ["week", "month"])
def test_a_section_has_whole_blocks_in_every_edition_on_an_empty_lake_and_a_normal_day(tmp_path, name, edition):
    for folder, rows in (("none", None), ("normal", normal_day())):
        blocks = part(evidence_of(tmp_path / folder, rows, edition=edition), name).blocks
        assert blocks
        for block in blocks:
            if isinstance(block, Table):
                assert {len(row) for row in block.rows} <= {len(block.columns)}


def test_no_sentence_of_a_week_speaks_of_a_day(tmp_path):
    report = compose(evidence_of(tmp_path, edition="week"))
    said = [block.empty for p in report.parts for block in p.blocks if isinstance(block, Table) and not block.rows]
    assert said
    assert not [text for text in said if "this day" in text]


def test_a_week_s_charts_go_by_day(week):
    chart = next(block for block in part(week, "volume").blocks if isinstance(block, Chart))
    assert (chart.title, chart.axis) == ("Spans by day", "Day")
    assert [row[0] for row in chart.rows] == [f"{day} Nov" for day in range(16, 23)]
    assert chart.rows[:3] == [("16 Nov", 1, 1), ("17 Nov", 5, 0), ("18 Nov", 0, 0)]


def test_a_month_s_charts_have_a_place_for_each_of_its_days(tmp_path):
    evidence = evidence_of(tmp_path, normal_day(), edition="month")
    chart = next(block for block in part(evidence, "volume").blocks if isinstance(block, Chart))
    assert len(chart.rows) == 30
    assert chart.rows[18] == ("19 Nov", 18, 2)


def test_a_week_s_counts_and_quantiles_are_those_of_its_rows_and_not_of_its_days(week):
    tiles = {row[0]: row[1] for row in part(week, "headline").blocks[-1].rows}
    assert tiles["Spans"] == Number(7)
    assert tiles["Traces"] == Number(6)
    assert tiles["Spans with an error"] == Number(1 / 7, "share")
    assert tiles["Trace latency, p95"] == Number(900.0, "ms")


def test_a_week_takes_the_metrics_published_for_the_week_and_not_those_of_its_days(tmp_path):
    rows = {
        "metrics": [metric("spans", 3.0)],
        "period_metrics": [metric("spans", 20.0, edition="week"), metric("spans", 90.0, edition="month")],
    }
    values = {
        edition: evidence_of(tmp_path / edition, rows, edition=edition).metrics for edition in ("day", "week", "month")
    }
    assert {edition: found["spans", ""].value for edition, found in values.items()} == {
        "day": 3.0,
        "week": pytest.approx(20.0),
        "month": 90.0,
    }


def test_editions_are_compared_with_what_came_before_them(tmp_path):
    before = {edition: evidence_of(tmp_path, edition=edition).before.window for edition in ("day", "week", "month")}
    assert before == {
        "day": Window.of_day(dt.date(2026, 11, 12)),
        "week": Window.of_edition("week", dt.date(2026, 11, 12)),
        "month": Window.of_edition("month", dt.date(2026, 10, 1)),
    }


def test_a_report_says_what_it_is_of_and_whether_that_is_over():
    assert subtitle(DAY, "day") == "Thursday 19 November 2026, UTC"
    assert subtitle(WEEK, "week") == "Week 47, 16 November to 22 November 2026, UTC"
    assert subtitle(MONTH, "month", made_at=MONTH.end) == "November 2026, UTC"
    assert subtitle(MONTH, "month", made_at=DAY.end) == "November 2026, UTC, so far"


def test_editions_lie_beside_each_other():
    assert report_path("p", WEEK, "report.pdf", "week") == "reports/week=2026-W47/project=p/report.pdf"
    assert report_path("p", MONTH, edition="month") == "reports/month=2026-11/project=p/report.html"
    turn = Window.of_edition("week", dt.date(2027, 1, 1))
    assert report_path("p", turn, edition="week") == "reports/week=2026-W53/project=p/report.html"


def test_what_a_report_is_of_is_told_to_machines_too(week):
    assert compose(week).about == {
        "project": "shop",
        "edition": "week",
        "period": "2026-W47",
        "start": "2026-11-16T00:00:00+00:00",
        "end": "2026-11-23T00:00:00+00:00",
    }
