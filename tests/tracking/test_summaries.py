"""Every group of summary metrics on rows written by hand."""

import datetime as dt
from tempfile import TemporaryDirectory

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.records import Metric
from tasks.shared.statistics.clustered import clustered_mean
from tasks.shared.statistics.hajek import hajek
from tasks.shared.statistics.intervals import wilson
from tasks.tracking.known_judges import KnownJudge
from tasks.tracking.summary import all_summaries, metric_rows, metrics_in
from tests.shared.statistics.oracles import mean_interval
from tests.tracking.rows import DAY, NOON, answered, lake_at, put, summarised

TOLD = {"end_time": NOON, "calls": 2, "tokens": 9, "reason": "same", "told": "", "asked_at": NOON}


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


def test_phoenixs_cost_is_summed_and_compared_where_both_have_one(lake):
    put(
        lake,
        "phoenix_costs",
        {**TOLD, "model": "a", "cost_usd": 1.0, "phoenix_cost_usd": 1.5},
        {**TOLD, "model": "b", "cost_usd": 4.0},
        {**TOLD, "model": "c", "phoenix_cost_usd": 0.25},
    )
    found = summarised(lake, "phoenix_cost")
    whole, apart = found["phoenix_cost_usd"], found["phoenix_cost_difference_usd"]
    assert (whole.value, whole.n, whole.coverage) == (1.75, 4, pytest.approx(2 / 3))
    assert (apart.value, apart.n) == (0.5, 2)
    assert found["phoenix_cost_usd{model=c}"].value == 0.25


def test_a_day_that_phoenix_was_not_asked_about_has_no_cost_of_its(lake):
    assert summarised(lake, "phoenix_cost") == {}


def test_a_query_costs_what_the_traces_with_priced_calls_do_with_sessions_as_clusters(lake):
    costs = (("a", "s1", 0.1), ("b", "s1", 0.3), ("c", "s2", 0.2), ("d", "s3", None))
    for_each = [(t, s, {"kind": "LLM", "parent_id": "x", "total_tokens": 5, "cost_usd": usd}) for t, s, usd in costs]
    rows = [{"trace_id": t, "session_id": s} | call for t, s, one in for_each for call in ({}, one)]
    put(lake, "spans", *rows, {"trace_id": "rootless", "parent_id": "y", "cost_usd": 9.0})
    found = summarised(lake, "queries")["cost_per_query_usd"]
    mean = clustered_mean(np.array([0.1, 0.3, 0.2]), ["s1", "s1", "s2"])
    assert (found.value, found.n, found.coverage) == (pytest.approx(0.2), 3, 0.75)
    assert (found.low, found.high) == pytest.approx(mean.bounds(0.025), rel=1e-6)


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


def test_units_of_one_trace_are_not_independent(lake):
    together = [{"evaluator": "judge", "trace_id": str(i // 5), "score": float(i // 5 < 6)} for i in range(50)]
    put(lake, "decisions", *together)
    score = summarised(lake, "scores")["score/judge"]
    traces = [str(i // 5) for i in range(50)]
    same = hajek([row["score"] for row in together], [1.0] * 50, traces)
    assert (score.value, score.low, score.high) == pytest.approx((0.6, same.low, same.high), abs=1e-11)
    assert score.high - score.low > wilson(30, 50)[1] - wilson(30, 50)[0] + 0.1


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.25, 1.0]), st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 8)),
        min_size=1,
        max_size=30,
    )
)
@hypothesis.settings(max_examples=25, deadline=None)
def test_sql_adds_up_to_the_hajek_estimate(decided):
    with TemporaryDirectory() as folder:
        lake = lake_at(folder)
        rows = ({"evaluator": "e", "score": y, "inclusion_probability": p, "trace_id": str(t)} for y, p, t in decided)
        put(lake, "decisions", *rows)
        found = summarised(lake, "scores")["score/e"]
    scores, probabilities, traces = zip(*decided, strict=True)
    same = hajek(scores, probabilities, [str(trace) for trace in traces])
    assert (found.value, found.low, found.high) == pytest.approx((same.value, same.low, same.high), abs=1e-9)


def test_scores_that_are_missing_could_make_the_mean_worse_or_better(lake):
    put(
        lake,
        "decisions",
        *({"evaluator": "good", "score": s} for s in (1.0, 1.0, 0.0, 1.0)),
        {"evaluator": "good", "status": "errored", "inclusion_probability": 0.25},
        {"evaluator": "good", "status": "not_applicable"},
        {"evaluator": "good", "status": "sampled_out"},
        *({"evaluator": "harm", "score": s, "direction": "minimize"} for s in (0.0, 0.5)),
        *({"evaluator": "harm", "status": s, "direction": "minimize"} for s in ("budget_stopped", "unparseable")),
    )
    found = summarised(lake, "scores")
    good, harm = found["score/good"], found["score/harm"]
    assert (good.value, good.worst, good.best) == (0.75, 3 / 8, 7 / 8)
    assert (harm.value, harm.worst, harm.best) == (0.25, 0.625, 0.125)
    assert found["coverage/good"].worst is None


@pytest.mark.parametrize(
    ("direction", "share", "worst", "best"), [("maximize", 0.75, 0.6, 0.8), ("minimize", 0.5, 0.4, 0.6)]
)
def test_a_judges_pass_rate_is_by_its_own_threshold(lake, direction, share, worst, best):
    judge = KnownJudge("j", "1", "span", {"a": 2.0, "b": 1.0, "c": 0.0}, direction=direction, passes_at=1.0)
    scored = [{"score": s, "label": "x"} for s in (2.0, 2.0, 1.0, 0.0)]
    rows = [{"evaluator": "j", "direction": direction, **row} for row in (*scored, {"status": "pending"})]
    put(lake, "decisions", *rows, {"evaluator": "code", "score": 1.0})
    found = summarised(lake, "scores", judge)
    rate = found["pass_rate/j"]
    assert (rate.value, rate.n, rate.coverage, rate.unit) == (share, 4, 0.8, "share")
    assert (rate.worst, rate.best) == (pytest.approx(worst), pytest.approx(best))
    assert (rate.low, rate.high) == pytest.approx(wilson(round(4 * share), 4), abs=1e-11)
    mean = found["score/j"]
    assert (mean.value, sorted((mean.worst, mean.best))) == (1.25, [1.0, 1.4])
    assert "pass_rate/code" not in found


def test_scores_of_an_unknown_scale_have_an_interval_only_where_they_differ(lake):
    put(
        lake,
        "decisions",
        *({"evaluator": "points", "score": s} for s in (3.0, 7.0, 5.0)),
        *({"evaluator": "same", "score": 7.0} for _ in range(3)),
    )
    found = summarised(lake, "scores")
    assert found["score/points"].low is not None
    assert (found["score/same"].value, found["score/same"].low) == (7, None)


def test_judging_costs_what_the_days_decisions_cost_and_reused_answers_nothing(lake):
    asked = {"kind": "llm", "model": "openai/gpt-4o-mini"}
    put(
        lake,
        "decisions",
        *({**asked, "evaluator": "sql", "score": 1.0, "cost_usd": 0.1, "reused": False} for _ in range(10)),
        {**asked, "evaluator": "sql", "score": 1.0, "reused": True},
        {**asked, "evaluator": "tone", "status": "errored", "cost_usd": 0.02},
        {"kind": "llm", "evaluator": "tone", "status": "sampled_out"},
        {"evaluator": "no_error", "score": 1.0},
    )
    found = {name: (metric.value, metric.n) for name, metric in summarised(lake, "judging").items()}
    assert found == {
        "judging_cost_usd": (1.02, 12),
        "judging_cost_usd{judge=sql}": (1.0, 11),
        "judging_cost_usd{judge=tone}": (0.02, 1),
        "judging_reused{judge=sql}": (1, 11),
        "judging_reused{judge=tone}": (0, 1),
    }


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
    put(
        lake,
        "spans",
        *(
            {"trace_id": str(i % 7), "latency_ms": float(i), "cost_usd": 0.1, "prompt_version": "v1"}
            for i in range(400)
        ),
    )
    put(lake, "decisions", *({"evaluator": "e", "score": float(i % 2)} for i in range(50)))
    put(lake, "annotations", {"name": "user_feedback", "unit_id": "0", "unit": "trace", "score": 1.0})
    put(lake, "phoenix_costs", TOLD | {"model": "m", "cost_usd": 40.0, "phoenix_cost_usd": 39.0})
    metrics = answered(lake, name)
    assert metrics
    assert len({(m.name, m.dimension) for m in metrics}) == len(metrics)
    for metric in metrics:
        assert 0 <= metric.coverage <= 1
        assert metric.low is None or metric.low <= metric.value <= metric.high


@given(st.floats(-1e12, 1e12), st.floats(0, 1e-6))
def test_rows_hold_twelve_significant_digits_and_come_back_as_metrics(value, width):
    metric = Metric("m", value, 3, 0.5, value - width, value + width, "k=v", "ms", value - 1, value + 1)
    (kept,) = metrics_in(metric_rows([metric], DAY))
    assert kept.value == pytest.approx(value, rel=1e-11)
    assert (kept.name, kept.n, kept.coverage, kept.dimension, kept.unit) == ("m", 3, 0.5, "k=v", "ms")
    assert metrics_in(metric_rows([kept], DAY)) == [kept]
