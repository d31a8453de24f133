"""Every group of summary metrics on rows written by hand."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.records import Metric
from tasks.shared.statistics.intervals import mean_interval, wilson
from tasks.tracking.summary import all_summaries, metric_rows, metrics_in
from tests.tracking.rows import DAY, NOON, lake_at, put, summarised


@pytest.fixture
def lake(tmp_path):
    return lake_at(tmp_path)


def test_volume_counts_each_thing_once_and_says_how_many_traces_name_it(lake):
    put(
        lake,
        "spans",
        {"trace_id": "a", "session_id": "s1", "user_id": "u1"},
        {"trace_id": "a", "session_id": "s1", "user_id": "u1"},
        {"trace_id": "b", "session_id": "s1"},
        {"trace_id": "c"},
    )
    found = summarised(lake, "volume")
    assert {name: m.value for name, m in found.items()} == {"spans": 4, "traces": 3, "sessions": 1, "users": 1}
    assert (found["spans"].n, found["spans"].coverage, found["spans"].low) == (4, 1.0, None)
    assert (found["sessions"].n, found["sessions"].coverage) == (2, pytest.approx(2 / 3))
    assert (found["users"].n, found["users"].coverage) == (1, pytest.approx(1 / 3))


def test_error_rates_are_of_spans_and_of_traces_with_wilson_intervals(lake):
    put(
        lake,
        "spans",
        {"trace_id": "a", "status_code": "ERROR"},
        {"trace_id": "a", "status_code": "ERROR"},
        {"trace_id": "b"},
        {"trace_id": "b", "status_code": "UNSET"},
        {"trace_id": "c"},
    )
    found = summarised(lake, "errors")
    spans, traces = found["error_rate/spans"], found["error_rate/traces"]
    assert (spans.value, spans.n) == (0.4, 5)
    assert (spans.low, spans.high) == pytest.approx(wilson(2, 5), abs=1e-11)
    assert (traces.value, traces.n) == (pytest.approx(1 / 3), 3)
    assert (traces.low, traces.high) == pytest.approx(wilson(1, 3), abs=1e-11)


def test_latency_without_dimension_is_of_roots_and_with_one_of_all_spans_of_the_name(lake):
    put(
        lake,
        "spans",
        *({"name": "root", "latency_ms": float(i)} for i in range(1, 101)),
        *({"name": "leaf", "parent_id": "x", "latency_ms": float(1000 + i)} for i in range(1, 11)),
    )
    found = summarised(lake, "latency")
    assert [found[f"latency_ms/{p}"].value for p in ("p50", "p95", "p99")] == [50, 95, 99]
    assert (found["latency_ms/p50"].low, found["latency_ms/p50"].high) == (40, 61)
    assert found["latency_ms/p99"].low is None
    assert found["latency_ms/p50{name=leaf}"].value == 1005
    assert found["latency_ms/p50{name=leaf}"].n == 10
    assert found["latency_ms/p95{name=root}"].value == 95


def test_latency_keeps_the_names_that_took_the_most_time(lake):
    put(lake, "spans", *({"name": f"call {i}", "latency_ms": float(i)} for i in range(1, 61)))
    found = summarised(lake, "latency")
    kept = {name for name in found if name.startswith("latency_ms/p50{")}
    assert kept == {f"latency_ms/p50{{name=call {i}}}" for i in range(21, 61)}


def test_tokens_are_summed_where_reported_and_covered_by_the_share_of_calls(lake):
    put(
        lake,
        "spans",
        {"kind": "LLM", "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        {"kind": "UNKNOWN", "prompt_tokens": 20, "total_tokens": 20},
        {"kind": "LLM"},
        {"kind": "CHAIN"},
    )
    found = summarised(lake, "tokens")
    assert [found[f"tokens/{k}"].value for k in ("prompt", "completion", "total")] == [30, 5, 35]
    assert [found[f"tokens/{k}"].n for k in ("prompt", "completion", "total")] == [2, 1, 2]
    assert found["tokens/completion"].coverage == pytest.approx(1 / 3)
    assert found["coverage/tokens"].value == pytest.approx(2 / 3)
    assert found["coverage/tokens"].n == 3


def test_cost_is_exact_to_the_cent_and_a_model_without_a_price_only_lowers_coverage(lake):
    put(
        lake,
        "spans",
        *({"kind": "LLM", "model": "gpt-4o", "cost_usd": 0.1} for _ in range(10)),
        {"kind": "LLM", "model": "homegrown", "total_tokens": 9},
        {"kind": "LLM"},
        {"kind": "TOOL"},
    )
    found = summarised(lake, "cost")
    assert found["cost_usd"].value == 1.0
    assert (found["cost_usd"].n, found["cost_usd"].coverage) == (10, pytest.approx(10 / 12))
    assert found["cost_usd{model=gpt-4o}"].value == 1.0
    assert "cost_usd{model=homegrown}" not in found
    assert found["coverage/cost_usd{model=homegrown}"].value == 0
    assert found["coverage/cost_usd{model=unknown}"].n == 1
    assert found["coverage/cost_usd"].value == pytest.approx(10 / 12)


def test_scores_carry_coverage_of_the_eligible_and_every_status_is_counted(lake):
    put(
        lake,
        "decisions",
        *({"evaluator": "no_error", "score": s} for s in (1.0, 1.0, 0.0, 1.0)),
        {"evaluator": "no_error", "status": "errored"},
        *({"evaluator": "no_error", "status": "not_applicable"} for _ in range(3)),
    )
    found = summarised(lake, "scores")
    score = found["score/no_error"]
    assert (score.value, score.n, score.coverage) == (0.75, 4, 0.8)
    assert (score.low, score.high) == pytest.approx(wilson(3, 4), abs=1e-11)
    assert found["coverage/no_error"].value == 0.8
    counts = {name: (m.value, m.n) for name, m in found.items() if name.startswith("decisions/")}
    assert counts == {
        "decisions/no_error{status=scored}": (4, 8),
        "decisions/no_error{status=errored}": (1, 8),
        "decisions/no_error{status=not_applicable}": (3, 8),
    }


def test_scores_that_are_not_shares_get_students_interval(lake):
    values = [0.1, 0.4, 0.35, 0.8, 0.9]
    put(lake, "decisions", *({"evaluator": "grade", "score": s} for s in values))
    score = summarised(lake, "scores")["score/grade"]
    assert score.value == pytest.approx(sum(values) / 5)
    assert (score.low, score.high) == pytest.approx(mean_interval(values), abs=1e-9)


def test_a_sampled_unit_stands_for_those_left_out(lake):
    put(
        lake,
        "decisions",
        {"evaluator": "judge", "score": 1.0, "inclusion_probability": 0.1},
        *({"evaluator": "judge", "score": 0.0} for _ in range(10)),
        *({"evaluator": "judge", "status": "sampled_out"} for _ in range(9)),
    )
    score = summarised(lake, "scores")["score/judge"]
    assert score.value == pytest.approx(0.5)
    assert score.coverage == pytest.approx(11 / 20)
    assert score.low < 0.5 < score.high


def test_an_evaluator_that_scored_nothing_has_a_coverage_and_no_score(lake):
    put(lake, "decisions", {"evaluator": "judge", "status": "budget_stopped"})
    found = summarised(lake, "scores")
    assert "score/judge" not in found
    assert found["coverage/judge"].value == 0


def test_the_version_that_decided_last_speaks_for_the_day(lake):
    later = NOON + dt.timedelta(hours=1)
    put(
        lake,
        "decisions",
        {"evaluator": "e", "version": "9", "score": 0.0},
        {"evaluator": "e", "version": "10", "score": 1.0, "decided_at": later},
    )
    assert summarised(lake, "scores")["score/e"].value == 1


def test_feedback_is_the_share_of_traces_that_people_touched_and_their_mean_score(lake):
    put(
        lake,
        "spans",
        {"span_id": "a1", "trace_id": "a"},
        {"span_id": "b1", "trace_id": "b", "session_id": "s"},
        {"span_id": "c1", "trace_id": "c", "session_id": "s"},
        {"span_id": "d1", "trace_id": "d"},
    )
    put(
        lake,
        "annotations",
        {"name": "helpful", "unit_id": "a1", "score": 1.0},
        {"name": "helpful", "unit_id": "a", "unit": "trace", "score": 0.0},
        {"name": "helpful", "unit_id": "s", "unit": "session", "score": 0.5},
        {"name": "note", "unit_id": "a1"},
        {"name": "helpful", "unit_id": "d1", "score": 0.0, "annotator_kind": "LLM"},
    )
    found = summarised(lake, "feedback")
    assert (found["feedback_share"].value, found["feedback_share"].n) == (0.75, 4)
    helpful = found["feedback/helpful"]
    assert (helpful.value, helpful.n, helpful.coverage) == (0.5, 3, 0.75)
    assert (helpful.low, helpful.high) == pytest.approx(mean_interval([1.0, 0.0, 0.5]), abs=1e-9)
    assert "feedback/note" not in found


def test_quality_counts_rows_kept_out_and_warnings_but_not_those_about_the_metrics_themselves(lake):
    put(lake, "spans", {}, {}, {})
    put(lake, "quarantine", {}, {"table_name": "metrics"})
    put(
        lake,
        "checks",
        {},
        {"success": False},
        {"success": False, "severity": "critical"},
        {"success": False, "table_name": "metrics"},
    )
    found = summarised(lake, "quality")
    assert (found["quarantined_rows"].value, found["quarantined_rows"].n) == (1, 4)
    assert (found["check_warnings"].value, found["check_warnings"].n) == (1, 3)


def test_warnings_of_hours_are_not_counted_once_the_day_was_checked(lake):
    hour = {"start_time": NOON, "end_time": NOON + dt.timedelta(hours=1), "success": False}
    put(lake, "checks", {**hour, "expectation": "unique"})
    assert summarised(lake, "quality")["check_warnings"].value == 1
    day = {"start_time": DAY.start, "end_time": DAY.end, "expectation": "unique"}
    put(lake, "checks", {**hour, "expectation": "unique"}, day)
    found = summarised(lake, "quality")["check_warnings"]
    assert (found.value, found.n) == (0, 1)


@pytest.mark.parametrize("name", sorted(all_summaries()))
def test_a_day_without_any_rows_has_zeros_and_no_rates(lake, name):
    for metric in summarised(lake, name).values():
        assert metric.value == 0
        assert metric.low is None


@pytest.mark.parametrize("name", sorted(all_summaries()))
def test_a_metric_has_one_value_per_name_and_dimension_and_its_interval_holds_it(lake, name):
    put(lake, "spans", *({"trace_id": str(i % 7), "latency_ms": float(i), "cost_usd": 0.1} for i in range(400)))
    put(lake, "decisions", *({"evaluator": "e", "score": float(i % 2)} for i in range(50)))
    put(lake, "annotations", {"name": "helpful", "unit_id": "0", "unit": "trace", "score": 1.0})
    summary = all_summaries()[name]
    metrics = list(summary.metrics(lake.sql(summary.query, "p", DAY).to_pylist()))
    assert metrics
    assert len({(m.name, m.dimension) for m in metrics}) == len(metrics)
    for metric in metrics:
        assert 0 <= metric.coverage <= 1
        assert metric.low is None or metric.low <= metric.value <= metric.high


@given(st.floats(-1e12, 1e12), st.floats(0, 1e-6))
def test_rows_hold_twelve_significant_digits_and_come_back_as_metrics(value, width):
    metric = Metric("m", value, 3, 0.5, value - width, value + width, "k=v", "ms")
    (kept,) = metrics_in(metric_rows([metric], DAY))
    assert kept.value == pytest.approx(value, rel=1e-11)
    assert (kept.name, kept.n, kept.coverage, kept.dimension, kept.unit) == ("m", 3, 0.5, "k=v", "ms")
    assert metrics_in(metric_rows([kept], DAY)) == [kept]
