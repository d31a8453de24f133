"""What dev and the gate's verdict make of a candidate."""

import pytest

from tasks.prompts.dev_scores import DevScore, best_of, dev_score, reason_against, side_of
from tasks.prompts.ending import unfit
from tasks.prompts.outcome import metric_of, outcome
from tasks.prompts.turns import Turn
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import GateMetric, GateSettings, PromptSettings
from tests.prompts.round_world import verdict

METRIC = "sql_matches_expected"
FIRST = Turn("golden", 1, 72, 72, 0.05)


@pytest.mark.parametrize(
    ("changes", "won", "reason"),
    [
        ({}, True, f"on test {METRIC} is 0.200 better (p 0.001, n 20)"),
        ({"difference": {"value": 0.051}}, True, "0.051 better"),
        ({"difference": {"value": 0.05}}, False, "0.050 better (p 0.001, n 20); more than 0.05 is asked for"),
        ({"p_value": 0.05}, False, "p below 0.05 is asked for"),
        ({"difference": {"value": -0.1}}, False, "0.100 worse"),
        ({"p_value": None}, False, "nobody can say by how much"),
        ({"metric": "another"}, False, "nobody can say by how much"),
    ],
)
def test_a_winner_is_better_by_enough_and_surely(changes, won, reason):
    found = outcome(verdict("v", **changes), METRIC, PromptSettings(), FIRST)
    assert found.won is won
    assert reason in found.reason


def test_a_later_prompt_on_the_same_examples_has_to_be_surer():
    third = Turn("golden", 3, 72, 72, 0.0083333)
    found = outcome(verdict("v", p_value=0.02), METRIC, PromptSettings(), third)
    assert not found.won
    assert found.reason.endswith("; p below 0.00833 is asked for, as prompt 3 that is decided on these examples")
    assert outcome(verdict("v", p_value=0.005), METRIC, PromptSettings(), third).won


@pytest.mark.parametrize("said", ["fail", "inconclusive"])
def test_no_candidate_wins_that_the_gate_does_not_let_pass(said):
    found = outcome(verdict("v") | {"verdict": said, "reason": "It costs more."}, METRIC, PromptSettings(), FIRST)
    assert not found.won
    assert found.reason.endswith(f"; gate better: {said}. It costs more.")


def test_an_inconclusive_verdict_for_reasons_of_its_own_ends_no_round():
    enough, errored = verdict("v") | {"verdict": "inconclusive"}, {"answers": {"answered": 18, "errored": 2}}
    assert unfit(enough) == []
    assert unfit(enough | {"candidate": errored}) == ["2 answers of the candidate are errored"]
    assert unfit(enough | {"doubts": ["the budget is spent"]}) == ["the budget is spent"]
    assert unfit(verdict("v") | {"candidate": errored}) == []
    unscored = verdict("v", coverage=0.5) | {"verdict": "inconclusive"}
    assert unfit(unscored) == ["50% of the examples have a score of sql_matches_expected on both sides"]


def test_the_metric_is_the_gates_first_and_passing_has_to_mean_being_better():
    gates = {
        "g": GateSettings(metrics={"a": GateMetric(margin=0), "b": GateMetric(margin=0.1)}),
        "bare": GateSettings(),
    }
    assert metric_of("g", gates, "") == "a"
    with pytest.raises(ConfigurationError, match=r"0\.1 worse by b.*set gates\.g\.metrics\.b\.margin = 0"):
        metric_of("g", gates, "b")
    gates["to the end"] = gates["g"].model_copy(update={"early_stop": False})
    assert metric_of("to the end", gates, "b") == "b"
    with pytest.raises(ConfigurationError, match=r"no metric 'c' \(a, b\)"):
        metric_of("g", gates, "c")
    with pytest.raises(ConfigurationError, match=r"no metric '' \(none\)"):
        metric_of("bare", gates, "")
    with pytest.raises(ConfigurationError, match=r"there is no gate 'h'. Add \[gates\.h\]"):
        metric_of("h", gates, "")


def run(example, repetition=1, **values):
    ids = {"example_id": example, "span_id": f"{example}{repetition}", "trace_id": f"t{example}{repetition}"}
    return {**ids, "repetition": repetition, "status": "answered", "cost_usd": 0.5, **values}


def decision(unit_id, score, **values):
    return {"unit_id": unit_id, "status": "scored", "score": score, "direction": "maximize", **values}


def test_candidates_are_beside_production_example_by_example():
    production = side_of(
        [run("a"), run("b"), run("c"), run("d")], [decision("a1", 0.0), decision("tb1", 1.0), decision("d1", 1.0)]
    )
    candidate = side_of(
        [run("a"), run("a", 2), run("b", cost_usd=None), run("c"), run("d")],
        [
            decision("a1", 1.0),
            decision("a2", 0.5),
            decision("b1", 1.0),
            decision("c1", 1.0),
            decision("d1", None, status="not_applicable"),
        ],
    )
    found = dev_score("candidate-1", "e", production, candidate)
    # c has no score in production, d none of the candidate's that counts.
    assert (found.n, found.eligible, found.coverage) == (2, 4, 0.5)
    assert (found.production, found.mean, found.gain) == (0.5, 0.875, 0.375)
    assert found.cost_usd == 0.5


def test_low_scores_are_gains_where_low_is_good_and_nothing_compared_is_no_gain():
    bad, good = (side_of([run("a")], [decision("a1", score, direction="minimize")]) for score in (1.0, 0.0))
    assert dev_score("c", "e", bad, good).gain == 1.0
    nothing = dev_score("c", "e", bad, side_of([], []))
    assert (nothing.gain, nothing.n, nothing.coverage) == (None, 0, 0.0)


def score(name, gain, n=20, cost=0.1):
    return DevScore(name, "e", n, 20, 0.5, None if gain is None else 0.5 + gain, gain, cost)


def test_the_best_has_the_largest_gain_of_equal_ones_the_cheapest_and_is_better_than_production():
    assert best_of([score("a", 0.1), score("b", 0.2), score("c", 0.2, cost=0.05)], 0.95) == score("c", 0.2, cost=0.05)
    assert best_of([score("a", 0.0), score("b", -0.1), score("c", None, n=0), score("d", 0.5, n=10)], 0.95) is None
    assert reason_against(score("d", 0.5, n=10), None, 0.95) == (
        "on dev 10 of 20 examples have a score on both sides (50%), 95% are asked for"
    )
