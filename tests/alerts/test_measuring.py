"""Hours become measurements: closed and ingested ones, once, and again when something in them changed."""

import datetime as dt
import json
from dataclasses import replace

import pytest

from tasks.alerts.hours import due_hours, ingested_hours, last_closed
from tasks.alerts.measure import all_measures
from tasks.alerts.measuring import measure, read_gauges
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import AlertSettings, Settings
from tasks.shared.store.tables import MEASUREMENTS
from tests.alerts.hours import DAY, PROJECT, ingested, lake_below, traffic, write
from tests.reports.days import annotation, at, decision, llm, span

SETTINGS, MEASURES = Settings(), all_measures()


@pytest.fixture
def lake(tmp_path):
    return lake_below(tmp_path)


def measured(lake, closed=DAY.end, settings=SETTINGS, days=2):
    return measure(lake, PROJECT, settings, closed, days)


def rows_of(lake, name, dimension=""):
    rows = lake.read(MEASUREMENTS, PROJECT).to_pylist()
    return {row["start_time"].hour: row for row in rows if (row["measure"], row["dimension"]) == (name, dimension)}


def test_an_hour_is_measured_by_series_with_its_traces_as_clusters(lake):
    window = Window(at(9), at(10))
    failing = llm(3, 2, start_time=at(9, 5), status_code="ERROR")
    write(lake, "spans", [span(1, start_time=at(9)), span(2, start_time=at(9, 1)), failing], window)
    ingested(lake, window)
    assert measured(lake).hours == len([it for it in all_measures().values() if not it.read])
    whole = rows_of(lake, "error_rate")[9]
    sums = ("n", "clusters", "weight", "total", "weight_squares", "total_squares", "products")
    assert [whole[name] for name in sums] == [3, 2, 3.0, 1.0, 5.0, 1.0, 2.0]
    assert whole["example"] == f"span:{failing['span_id']}"
    assert rows_of(lake, "error_rate", "model=gpt-4o")[9]["total"] == 1.0
    assert rows_of(lake, "latency_p95_ms")[9]["sketch"] == "233:2"
    assert rows_of(lake, "spans")[9]["total"] == 3.0
    assert rows_of(lake, "cost_usd", "model=gpt-4o")[9]["total"] == pytest.approx(0.01)


def test_only_closed_hours_that_ingestion_took_in_are_measured_also_without_a_span(lake):
    traffic(lake, at(8), 5, 0)
    ingested(lake, Window(at(9), at(10)))
    write(lake, "spans", [span(7, start_time=at(11))], Window(at(11), at(12)))
    ingested(lake, Window(at(11), at(12)), success=False)
    traffic(lake, at(12), 5, 0)
    measured(lake, closed=at(12))
    assert {hour: row["n"] for hour, row in rows_of(lake, "spans").items()} == {8: 5, 9: 0}


def test_a_second_run_measures_nothing_and_a_changed_hour_is_measured_again(lake):
    traffic(lake, at(8), 5, 0)
    traffic(lake, at(9), 5, 1)
    assert measured(lake).hours
    before = lake.read(MEASUREMENTS, PROJECT)
    assert measured(lake).hours == 0
    write(lake, "spans", [span(77, start_time=at(9, 30), status_code="ERROR")], Window(at(9), at(10)))
    assert measured(lake).hours
    assert rows_of(lake, "error_rate")[9]["total"] == 2.0
    unchanged = [row for row in before.to_pylist() if row["start_time"] == at(8)]
    assert [row for row in lake.read(MEASUREMENTS, PROJECT).to_pylist() if row["start_time"] == at(8)] == unchanged


def test_other_settings_measure_again_what_depends_on_them(lake):
    traffic(lake, at(8), 4, 0, latency_ms=3000.0)
    measured(lake)
    assert rows_of(lake, "slow_traces")[8]["total"] == 0.0
    stricter = SETTINGS.model_copy(update={"alerts": AlertSettings(slow_trace_ms=2000)})
    assert measured(lake, settings=stricter).hours == 1
    assert rows_of(lake, "slow_traces")[8]["total"] == 4.0


def test_judges_fail_where_their_own_threshold_says_and_the_last_version_speaks(lake):
    ingested(lake, DAY)
    lake.put_file("judges/faithfulness@2.json", json.dumps({"question": {"passes_at": 0.8}}).encode())
    scores = {1: 0.7, 2: 0.7, 3: 0.9, 4: 0.9}
    rows = [decision("faithfulness", n, kind="llm", version="2", score=score) for n, score in scores.items()]
    write(lake, "decisions", rows, DAY, "faithfulness@2")
    old = [decision("faithfulness", 1, kind="llm", score=1.0, decided_at=at(1))]
    write(lake, "decisions", old, DAY, "faithfulness@1")
    sampled = decision("toxicity", 1, direction="minimize", score=0.0, inclusion_probability=0.25)
    write(lake, "decisions", [sampled], DAY, "toxicity@1")
    measured(lake)
    failed = rows_of(lake, "hallucination_rate", "evaluator=faithfulness")[12]
    assert (failed["n"], failed["total"]) == (4, 2.0)
    assert rows_of(lake, "pass_rate", "evaluator=faithfulness")[12]["total"] == 2.0
    weighted = rows_of(lake, "pass_rate", "evaluator=toxicity")[12]
    assert (weighted["n"], weighted["weight"], weighted["total"]) == (1, 4.0, 4.0)
    assert rows_of(lake, "hallucination_rate", "evaluator=toxicity") == {}


def test_people_s_ratings_count_once_whether_phoenix_or_the_application_has_them(lake):
    ingested(lake, DAY)
    said = {"name": "user_feedback"}
    rows = [
        annotation(1, 1, **said, label="thumbs_up", score=None),
        annotation(2, 2, **said, label="down", score=None),
        annotation(3, 3, **said, label=None, score=0.9),
        annotation(4, 4, name="note", label="up"),
        annotation(5, 5, **said, label="perhaps", score=None),
    ]
    write(lake, "annotations", rows, DAY)
    given = {"start_time": at(12), "rating": "negative", "read_at": at(13), "session_id": "s"}
    unmatched = {"feedback_id": "f1", "status": "unmatched", **given}
    matched = {"feedback_id": "f2", "status": "matched", "matched_by": "trace_id", "trace_id": "t", **given}
    write(lake, "feedback", [unmatched, matched], DAY)
    measured(lake)
    row = rows_of(lake, "satisfaction")[12]
    assert (row["n"], row["total"]) == (4, 2.0)


def test_a_dimension_keeps_the_series_with_most_units(lake):
    rows = [span(n, start_time=at(9), name=f"span-{n % 60}") for n in range(100)]
    write(lake, "spans", rows, DAY)
    ingested(lake, DAY)
    measured(lake)
    names = [row for row in lake.read(MEASUREMENTS, PROJECT).to_pylist() if row["dimension"].startswith("name=")]
    counts = [row["n"] for row in names if row["measure"] == "error_rate" and row["start_time"] == at(9)]
    assert len(counts) == 50
    assert sum(counts) == 90


def test_gauges_are_noted_once_for_the_last_closed_hour(lake):
    traffic(lake, at(5), 1, 0)
    assert read_gauges(lake, PROJECT, SETTINGS, at(9)).rows == 2
    assert read_gauges(lake, PROJECT, SETTINGS, at(9)).rows == 0
    assert rows_of(lake, "ingestion_delay_hours")[8]["total"] == 3.0
    assert 0 < rows_of(lake, "disk_used")[8]["total"] < 1
    measured(lake)
    assert rows_of(lake, "ingestion_delay_hours")[8]["total"] == 3.0


def test_ingestion_that_died_longer_ago_than_is_looked_back_is_still_late_and_one_that_never_ran_is_not(lake):
    assert MEASURES["ingestion_delay_hours"].read(lake, PROJECT, at(9)) == {}
    traffic(lake, at(5), 1, 0)
    read_gauges(lake, PROJECT, SETTINGS, at(6))
    assert MEASURES["ingestion_delay_hours"].read(lake, PROJECT, at(5) + 30 * 24 * HOUR) == {"": 168.0}


def test_ingestion_is_not_late_before_it_has_kept_up_once(lake):
    traffic(lake, at(5), 1, 0)
    read = MEASURES["ingestion_delay_hours"].read
    assert read(lake, PROJECT, at(10)) == {}
    read_gauges(lake, PROJECT, SETTINGS, at(10))
    assert read(lake, PROJECT, at(11)) == {}, "a first backfill is under way"
    assert read(lake, PROJECT, at(9)) == {"": 3.0}
    read_gauges(lake, PROJECT, SETTINGS, at(9))
    assert read(lake, PROJECT, at(11)) == {"": 5.0}


def test_a_measure_that_fails_is_told_of_and_the_others_are_measured(lake, monkeypatch):
    def unreadable(*_):
        raise OSError("no such disk.")

    broken = {
        "spans": replace(MEASURES["spans"], query="SELECT no_such_column FROM spans"),
        "disk_used": replace(MEASURES["disk_used"], read=unreadable),
    }
    monkeypatch.setattr("tasks.alerts.measuring.all_measures", lambda: {**MEASURES, **broken})
    traffic(lake, at(5), 1, 0)
    (trouble,) = measure(lake, PROJECT, SETTINGS, at(9), 1).troubles
    assert trouble.startswith("spans cannot be measured on 2026-11-19: ")
    assert "no_such_column" in trouble
    assert rows_of(lake, "error_rate")[5]["n"] == 1
    gauges = read_gauges(lake, PROJECT, SETTINGS, at(9))
    assert (gauges.rows, gauges.troubles) == (1, ("disk_used cannot be read: no such disk.",))


def test_older_days_are_measured_a_few_at_a_time(lake):
    for back in range(12):
        hour = at(9) - dt.timedelta(days=back)
        traffic(lake, hour, 2, 0)
    assert measured(lake, days=20).days_left == 2
    assert measured(lake, days=20).days_left == 0
    assert len(lake.days(MEASUREMENTS, PROJECT)) == 12
    assert measured(lake, days=20).hours == 0
    stricter = SETTINGS.model_copy(update={"alerts": AlertSettings(slow_trace_ms=50)})
    assert [measured(lake, settings=stricter, days=20).hours for _ in range(3)] == [10, 2, 0]


def test_an_hour_is_in_when_any_window_around_it_was_and_was_not_kept_out(lake):
    ingested(lake, DAY)
    ingested(lake, Window(DAY.end, DAY.end + HOUR))
    ingested(lake, Window(DAY.end + HOUR, DAY.end + 2 * HOUR), success=False)
    found = ingested_hours(lake, PROJECT, Window(at(22), DAY.end + 4 * HOUR))
    assert found == {at(22), at(23), DAY.end}
    assert last_closed(at(9, 59)) == at(9)


def test_hours_are_due_in_order_and_a_missing_one_is_waited_for_then_given_up():
    every = {at(hour) for hour in range(8)}
    assert due_hours(every, at(3), at(6), 3) == ([at(3), at(4), at(5)], [])
    assert due_hours(every - {at(4)}, at(3), at(6), 3) == ([at(3)], [])
    assert due_hours(every - {at(4)}, at(3), at(8), 3) == ([at(3)], [])
    late = {at(hour) for hour in range(12)} - {at(4)}
    assert due_hours(late, at(3), at(9), 3) == ([at(3), *(at(hour) for hour in range(5, 9))], [at(4)])
    assert due_hours(set(), at(3), at(12), 3) == ([], [])
