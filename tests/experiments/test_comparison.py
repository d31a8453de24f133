"""What is read of a comparison, what its figures are, which examples changed, when training pays."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from tasks.experiments.comparison import Question, question_of, read_comparison
from tasks.experiments.figures import by_stratum, figures, score_figures, within
from tasks.experiments.flips import counts, flips, telling
from tasks.experiments.paired import Paired, Side, Sides
from tasks.experiments.returns import base_model, returns, training_usd
from tasks.shared.errors import StoreError
from tasks.shared.prices import PriceTable
from tasks.shared.settings import GateSettings
from tasks.shared.statistics.estimate import share
from tasks.shared.statistics.judged_difference import Calibration
from tests.experiments.compared import PROJECT, SQL, WRONG, comparison, lake_at

AT = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
NAN = float("nan")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    return comparison(tmp_path_factory.mktemp("compared"))


def pair(baseline, candidate, **values):
    ids = tuple(f"e{i}" for i in range(len(baseline)))
    return Paired(**{
        "metric": "m",
        "direction": "maximize",
        "example_ids": ids,
        "clusters": ids,
        "strata": ("all",) * len(ids),
        "baseline": np.array(baseline, float),
        "candidate": np.array(candidate, float),
        "eligible": np.ones(len(ids), bool),
        "binary": True,
        **values,
    })  # fmt: skip


def sides(*pairs, cost=((), ()), clusters=None):
    first = pairs[0]
    n = len(first.example_ids)
    unknown = np.full(n, NAN)
    costs = [np.array(each, float) if len(each) else unknown for each in cost]
    both = [Side(role, role, role, {"answered": n}, costs[i], unknown, unknown) for i, role in enumerate("bc")]
    return Sides(first.example_ids, clusters or first.clusters, first.strata, both[0], both[1], pairs, n)


def test_answers_come_with_what_was_asked_what_is_right_and_what_was_said_of_them(compared):
    assert compared.questions["example-03"] == Question("How many devices are at site 3?", SQL)
    answer = compared.candidate.answers["example-03"][0]
    assert (answer.text, answer.status, answer.tokens) == (WRONG[3], "answered", 340)
    assert answer.said["sql_matches_expected"].score == 0.0
    assert answer.said["quality"].explanation == "Reads well."
    assert compared.candidate.each("model") == ("openai/ft:gpt-4o-mini:shop",)
    every = [answer for answers in compared.candidate.answers.values() for answer in answers]
    lost = [answer for answer in every if answer.status == "errored"]
    assert [(each.example_id, each.text, each.said) for each in lost] == [("example-11", None, {})]
    assert compared.candidate.specification["parameters"] == {"temperature": 0}


def test_an_experiment_that_is_not_there_is_told(tmp_path, compared):
    other = replace(compared.sides, candidate=replace(compared.sides.candidate, experiment="0" * 16))
    with pytest.raises(StoreError, match="no experiment 0000000000000000 of shop"):
        read_comparison(lake_at(tmp_path), PROJECT, "sql", other)


def test_a_question_is_the_variable_input_or_else_the_span_s():
    span = {"input": "rendered", "prompt_variables": None, "metadata": None}
    assert question_of(span) == Question("rendered", None)
    given = {**span, "prompt_variables": '{"input": {"a": 1}}', "metadata": '{"expected": {"output": [1]}}'}
    assert question_of(given) == Question('{"a":1}', "[1]")


def test_each_figure_has_both_sides_and_a_change_with_n_coverage_and_interval(compared):
    found = {figure.name: figure for figure in figures(compared.sides)}
    score = found["score/sql_matches_expected"]
    assert (score.baseline.value, score.baseline.n, score.baseline.coverage) == (11 / 12, 12, 1.0)
    assert (score.candidate.value, score.candidate.n, score.candidate.coverage) == (8 / 11, 11, 11 / 12)
    assert score.change.name == "difference/score/sql_matches_expected"
    assert score.change.value == pytest.approx(-2 / 11)
    assert (score.change.n, score.change.coverage) == (11, 11 / 12)
    assert -1 <= score.change.low < score.change.value < score.change.high <= 1
    cost = found["cost_usd"]
    assert cost.baseline.value == pytest.approx(0.0022)
    assert cost.change.name == "ratio/cost_usd"
    assert cost.change.value == pytest.approx(0.0098 / 0.0241)
    assert cost.change.low < cost.change.value < cost.change.high
    assert found["latency_ms/p50"].baseline.value == 955
    assert found["latency_ms/p50"].change.name == "ratio/latency_ms"
    assert found["latency_ms/p95"].change is None
    assert found["tokens"].candidate.value == 340


def test_of_a_metric_to_minimize_the_difference_keeps_its_own_direction():
    one = pair([0, 0, 0, 0, 1], [1, 1, 0, 0, 1], direction="minimize")
    change = score_figures(one)[0].change
    assert change.value == pytest.approx(0.4)
    assert change.low < 0.4 < change.high
    assert counts(one) == (2, 0, 3)


def test_beside_the_rates_that_a_judge_saw_stand_the_true_ones_where_its_errors_are_known():
    known = Calibration(share(95, 100), share(90, 100))
    one = pair([1] * 30 + [0] * 10, [1] * 32 + [0] * 8, judged=True, calibration=known)
    raw, corrected = score_figures(one)
    assert (raw.name, corrected.name) == ("score/m", "score_corrected/m")
    assert raw.baseline.value == 0.75
    assert corrected.baseline.value == pytest.approx((0.75 + 0.9 - 1) / (0.95 + 0.9 - 1))
    assert corrected.change.value == pytest.approx(0.05 / 0.85)
    assert corrected.change.high - corrected.change.low > raw.change.high - raw.change.low


def test_without_a_score_on_both_sides_there_is_no_difference():
    one = pair([1, NAN], [NAN, 1])
    figure = score_figures(one)[0]
    assert (figure.baseline.n, figure.baseline.coverage, figure.change) == (1, 0.5, None)
    assert score_figures(pair([NAN], [NAN], eligible=np.zeros(1, bool)))[0].baseline is None
    assert counts(one) == (0, 0, 0)


def test_one_cluster_tells_no_interval_of_a_graded_score():
    one = pair([3.0, 4.0], [5.0, 2.0], clusters=("s", "s"), binary=False)
    assert score_figures(one)[0].baseline.low is None


def test_costs_that_nobody_told_are_no_figure():
    cost = next(figure for figure in figures(sides(pair([1, 0], [1, 1]))) if figure.name == "cost_usd")
    assert (cost.baseline, cost.candidate, cost.change) == (None, None, None)


def test_strata_are_told_apart_where_there_are_several(compared):
    found = by_stratum(compared.sides)
    assert list(found) == ["joins", "plain"]
    assert found["joins"][0].baseline.n == 8
    assert within(compared.sides.pairs[0], "plain").example_ids == tuple(f"example-{i:02}" for i in (0, 3, 6, 9))
    assert by_stratum(sides(pair([1], [0]))) == {}


def test_examples_that_changed_come_worst_first():
    first = pair([1, 1, 0, 0.5, 1], [0, 1, 1, 0, NAN], metric="a")
    second = pair([4, 1, 1, 2, 1], [1, 1, 0, 2, 1], metric="b", binary=False)
    found = flips(sides(first, second))
    assert [(flip.example_id, flip.worse) for flip in found] == [("e0", True), ("e3", True), ("e2", True)]
    assert found[0].gain == -4
    assert {name: change.gain for name, change in found[2].changes.items()} == {"a": 1, "b": -1}
    assert flips(sides(pair([1, 0], [1, 0]))) == []


def test_the_largest_gains_come_first_among_the_better_ones():
    assert [flip.example_id for flip in flips(sides(pair([0, 0.5, 1], [0.5, 1, 0])))] == ["e2", "e0", "e1"]


def test_of_several_answers_the_telling_one_is_shown(compared):
    flip = flips(compared.sides)[0]
    answers = compared.candidate.answers[flip.example_id]
    right = replace(
        answers[0], repetition=2, said={**answers[0].said, "quality": replace(answers[0].said["quality"], score=5.0)}
    )
    several = replace(compared.candidate, answers={flip.example_id: [*answers, right]})
    assert telling(several, flip, "quality", compared, best=True) is right
    assert telling(several, flip, "quality", compared, best=False) is answers[0]
    assert telling(replace(several, answers={}), flip, "quality", compared, best=True) is None


def test_training_pays_after_so_many_queries():
    cheaper = sides(pair([1] * 4, [1] * 4), cost=((0.010, 0.012, 0.011, 0.011), (0.001, 0.001, 0.001, 0.001)))
    found = returns(cheaper, 50.0)
    assert found.saving_usd.value == pytest.approx(10.0)
    assert found.break_even == pytest.approx(5000)
    assert found.soonest < 5000 < found.latest
    assert found.saving_usd.n == 4
    assert returns(cheaper, None).break_even is None


def test_training_of_a_dearer_model_is_never_paid_for():
    dearer = sides(pair([1] * 3, [1] * 3), cost=((0.001, 0.002, 0.001), (0.01, 0.01, 0.02)))
    found = returns(dearer, 50.0)
    assert found.saving_usd.value < 0
    assert (found.break_even, found.soonest, found.latest) == (None, None, None)
    assert returns(sides(pair([1], [1])), 50.0) is None


def test_training_costs_what_the_gate_says_or_its_tokens_by_the_price_table():
    prices = PriceTable.shipped()
    tuned = "openai/ft:gpt-4o-mini-2024-07-18:acme::9x"
    assert base_model(tuned) == "gpt-4o-mini-2024-07-18"
    assert training_usd(GateSettings(training_tokens=2_000_000), tuned, prices, AT) == 6.0
    assert training_usd(GateSettings(training_tokens=2_000_000, training_cost_usd=9), tuned, prices, AT) == 9.0
    assert training_usd(GateSettings(training_tokens=5), "bedrock/mine", prices, AT) is None
    assert training_usd(GateSettings(), tuned, prices, AT) is None
