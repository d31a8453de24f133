"""Both sides of a comparison as the lake has them."""

import datetime as dt

import numpy as np
import pytest

from tasks.experiments.scores import read_sides
from tasks.shared.errors import Inconclusive
from tasks.shared.statistics.estimate import share
from tasks.shared.store.tables import DECISIONS, EXPERIMENT_RUNS
from tests.experiments.stored import NOON, PROJECT, answers, identifier, lake_at, put, put_metrics, run_of, store

NAN = float("nan")


@pytest.fixture
def lake(tmp_path):
    return lake_at(tmp_path)


def read(lake, *metrics):
    return read_sides(lake, PROJECT, identifier("base"), identifier("cand"), metrics or ("valid",))


def scores(values):
    return [None if np.isnan(value) else value for value in values]


def test_examples_are_paired_with_their_scores_costs_and_traces(lake):
    store(lake, "base", answers(1.0, 0.0, 1.0, cost_usd=0.02), planned=5)
    store(lake, "cand", answers(1.0, 1.0, 0.0, latency_ms=500.0), planned=5)
    found = read(lake)
    (pair,) = found.pairs
    assert (found.example_ids, found.planned, found.asked) == (("e0", "e1", "e2"), 5, 3)
    assert pair.baseline.tolist() == [1, 0, 1]
    assert pair.candidate.tolist() == [1, 1, 0]
    assert (pair.binary, pair.direction, pair.version, pair.judged) == (True, "maximize", "1", False)
    assert pair.coverage == 1.0
    assert found.baseline.cost_usd.tolist() == [0.02] * 3
    assert found.candidate.latency_ms.tolist() == [500.0] * 3
    assert found.candidate.tokens.tolist() == [100.0] * 3
    assert found.candidate.traces[1] == run_of(identifier("cand"), {"example_id": "e1"})["trace_id"]
    assert found.candidate.judging_usd == pytest.approx(0.003)
    assert found.candidate.traced_in == "experiment cand"


def test_repetitions_are_averaged_before_anything_else(lake):
    base = answers(1.0) + answers(0.0, repetition=2) + answers(0.0, repetition=3)
    store(lake, "base", base, repetitions=3)
    cand = answers(1.0) + answers(1.0, repetition=2) + answers("errored", repetition=3)
    store(lake, "cand", cand, repetitions=3)
    (pair,) = read(lake).pairs
    assert (pair.baseline.tolist(), pair.candidate.tolist()) == ([pytest.approx(1 / 3)], [1.0])
    assert pair.binary
    assert pair.coverage == pytest.approx(2 / 3), "a repetition that did not come does not leave silently"


def test_an_example_that_lacks_a_repetition_is_not_asked_yet(lake):
    for name, second in (("base", answers(1.0, 1.0, repetition=2)), ("cand", answers(1.0, repetition=2))):
        store(lake, name, answers(1.0, 1.0) + second, repetitions=2)
    assert read(lake).example_ids == ("e0",)


def test_an_errored_answer_is_missing_and_no_wrong_answer(lake):
    errored = {"example_id": "e1", "status": "errored", "output": None, "error": "gone", "cost_usd": 0.5}
    store(lake, "base", answers(1.0, 1.0))
    store(lake, "cand", [*answers(1.0), errored])
    found = read(lake)
    assert scores(found.pairs[0].candidate) == [1.0, None]
    assert found.pairs[0].coverage == 0.5
    assert found.candidate.statuses == {"answered": 1, "errored": 1}
    assert found.candidate.missing == {"valid": {"errored": 1}}
    assert scores(found.candidate.cost_usd) == [0.01, None]


def test_an_answer_that_came_at_another_try_counts_once(lake):
    store(lake, "base", answers(1.0))
    store(lake, "cand", answers(1.0))
    failed = run_of(identifier("cand"), {"example_id": "e0", "status": "errored", "try": 2})
    put(lake, EXPERIMENT_RUNS, [{**failed, "start_time": NOON + dt.timedelta(hours=1)}], file="later")
    found = read(lake)
    assert (found.pairs[0].candidate.tolist(), found.candidate.statuses) == ([1.0], {"answered": 1})


@pytest.mark.parametrize("status", ["errored", "unparseable", "budget_stopped", "pending", "sampled_out"])
def test_a_decision_without_a_score_is_missing_with_its_reason(lake, status):
    store(lake, "base", answers(1.0, 1.0))
    store(lake, "cand", answers(1.0, status))
    found = read(lake)
    assert scores(found.pairs[0].candidate) == [1.0, None]
    assert found.candidate.missing == {"valid": {status: 1}}
    assert found.pairs[0].coverage == 0.5


def test_an_answer_that_nobody_looked_at_is_missing(lake):
    store(lake, "base", answers(1.0, 1.0))
    store(lake, "cand", [*answers(1.0), {"example_id": "e1"}])
    assert read(lake).candidate.missing == {"valid": {"undecided": 1}}


def test_what_applies_to_neither_side_is_not_eligible_and_what_applies_to_one_is(lake):
    store(lake, "base", answers(1.0, "not_applicable", 1.0))
    store(lake, "cand", answers(1.0, "not_applicable", "not_applicable"))
    (pair,) = read(lake).pairs
    assert pair.eligible.tolist() == [True, False, True]
    assert pair.coverage == 0.5


def test_only_examples_asked_of_both_are_compared(lake):
    store(lake, "base", answers(1.0, 0.0, 1.0), planned=3)
    store(lake, "cand", answers(1.0), planned=3)
    found = read(lake)
    assert (found.example_ids, found.planned) == (("e0",), 3)


def test_the_last_version_of_an_evaluator_counts_on_both_sides(lake):
    second = {"score": 0.0, "version": "2", "decided_at": NOON + dt.timedelta(hours=1)}
    store(lake, "base", answers(1.0, 1.0))
    store(lake, "cand", answers(1.0, second))
    (pair,) = read(lake).pairs
    assert pair.version == "2"
    assert (scores(pair.baseline), scores(pair.candidate)) == ([None, None], [None, 0.0])


def test_judges_of_whole_traces_count_too_and_keep_their_direction(lake):
    answer = answers({"unit": "trace", "score": 1.0, "kind": "llm", "direction": "minimize"})
    for name in ("base", "cand"):
        trace = run_of(identifier(name), answer[0])["trace_id"]
        answer[0]["scores"]["valid"]["unit_id"] = trace
        store(lake, name, answer)
    (pair,) = read(lake).pairs
    assert (pair.baseline.tolist(), pair.direction, pair.judged) == ([1.0], "minimize", True)


def test_a_metric_that_nobody_scored_has_no_score_and_is_expected_of_every_example(lake):
    for name in ("base", "cand"):
        store(lake, name, answers(1.0, 1.0))
    valid, other = read(lake, "valid", "other").pairs
    assert valid.coverage == 1.0
    assert (other.coverage, other.eligible.tolist()) == (0.0, [True, True])


def test_an_experiment_that_is_not_there_is_inconclusive(lake):
    store(lake, "base", answers(1.0))
    with pytest.raises(Inconclusive, match=rf"experiment {identifier('cand')} is not in the lake of project p"):
        read(lake)


def test_experiments_on_other_examples_cannot_be_compared(lake):
    store(lake, "base", answers(1.0))
    store(lake, "cand", answers(1.0), dataset_digest="e" * 16)
    with pytest.raises(Inconclusive, match="were asked other examples"):
        read(lake)


def judged(lake, *production):
    """Experiments scored by a judge that people labelled in production."""
    for name in ("base", "cand"):
        store(lake, name, answers({"score": 1.0, "kind": "llm"}, {"score": 0.0, "kind": "llm"}))
    decided = {"unit": "span", "unit_id": "u", "evaluator": "valid", "kind": "llm", "status": "scored", "cost_usd": 0.0}
    rest = {"inclusion_probability": 1.0, "unit_digest": "d", "decided_at": NOON}
    put(lake, DECISIONS, [{**decided, **rest, "version": "1", "score": 1.0}], file="valid@1")
    put_metrics(lake, *production)


def metric(name, successes, n):
    found = share(successes, n)
    return {"name": name, "value": found.value, "low": found.low, "high": found.high, "n": n}


def test_a_judges_calibration_is_that_of_the_latest_metrics(lake):
    judged(lake, metric("judge_tpr/valid", 90, 100), metric("judge_tnr/valid", 40, 50))
    known = read(lake).pairs[0].calibration
    assert (known.tpr.value, known.tnr.value, known.tpr.n) == (0.9, 0.8, 100)
    assert known.tpr.effective_n == pytest.approx(100)
    assert known.tnr.effective_n == pytest.approx(50)


def test_a_judge_that_never_erred_on_its_labels_is_known_as_well_as_they_are_many(lake):
    judged(lake, metric("judge_tpr/valid", 60, 60), metric("judge_tnr/valid", 0, 40))
    known = read(lake).pairs[0].calibration
    assert known.tpr.effective_n == pytest.approx(60)
    assert known.tnr.effective_n == pytest.approx(40)


def test_labels_of_another_version_of_the_judge_say_nothing(lake):
    judged(lake, metric("judge_tpr/valid", 90, 100), metric("judge_tnr/valid", 40, 50))
    later = {"unit": "span", "unit_id": "v", "evaluator": "valid", "version": "2", "kind": "llm", "status": "scored"}
    rest = {"cost_usd": 0.0, "inclusion_probability": 1.0, "unit_digest": "d", "score": 1.0}
    put(lake, DECISIONS, [{**later, **rest, "decided_at": NOON + dt.timedelta(hours=1)}], file="valid@2")
    assert read(lake).pairs[0].calibration is None


@pytest.mark.parametrize("rates", [(), ("judge_tpr/valid",)])
def test_without_both_rates_there_is_no_calibration(lake, rates):
    judged(lake, metric("judge_tpr/other", 9, 10), *(metric(name, 9, 10) for name in rates))
    found = read(lake)
    assert (found.pairs[0].calibration, found.doubts) == (None, ())


@pytest.mark.parametrize(
    ("chart", "what"),
    [("judge_drift", "no longer agrees with people as it did"), ("anchor_drift", "answers its anchors otherwise")],
)
def test_a_judge_that_drifts_is_in_doubt(lake, chart, what):
    judged(lake, {"name": f"{chart}/valid", "value": 1.2})
    assert read(lake).doubts == (f"judge valid {what} (since 2026-11-19 at the latest)",)
