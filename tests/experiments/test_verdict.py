"""What a gate says of two variants, literal by literal."""

from dataclasses import replace

import numpy as np
import pytest

from tasks.experiments.demands import demands, floor_of
from tasks.experiments.verdict import decide
from tasks.shared.records import Direction
from tasks.shared.settings import GateMetric, GateSettings
from tasks.shared.statistics.estimate import share
from tasks.shared.statistics.judged_difference import Calibration
from tests.experiments.sides import changed, gate, pair, side, sides

NAN = float("nan")


def outcomes(verdict):
    return {each.demand.name: each.outcome for each in verdict.decided}


def test_a_candidate_surely_no_worse_than_the_margin_passes():
    verdict = decide(sides(changed(100, 2, 3)), gate(0.1))
    assert (verdict.outcome, verdict.early) == ("pass", False)
    assert verdict.reason == "valid -0.010 [-0.070, +0.046], at least -0.100 asked for: kept."


def test_a_candidate_surely_worse_than_the_margin_fails():
    verdict = decide(sides(changed(100, 2, 30)), gate(0.1))
    assert verdict.outcome == "fail"
    assert verdict.reason.startswith("valid -0.280 [-0.38")


def test_too_few_examples_are_inconclusive_with_how_many_would_decide():
    verdict = decide(sides(changed(50, 1, 4)), gate(0.05))
    assert verdict.outcome == "inconclusive"
    assert verdict.decided[0].needed == pytest.approx(12_200, rel=0.02)
    assert "examples would decide with power 80 %" in verdict.reason


def test_to_be_broken_takes_more_examples_with_more_demands_and_to_be_kept_takes_as_many():
    def enough(losses, *metrics):
        pairs = [changed(50, 1, losses, metric=name) for name in metrics]
        return decide(sides(*pairs), gate(0.05, "none", *metrics)).decided[0].needed

    assert enough(4, "a", "b", "c") > 1.2 * enough(4, "a")
    assert enough(2, "a", "b", "c") == enough(2, "a")


def test_on_the_limit_no_number_of_examples_decides():
    verdict = decide(sides(changed(100, 0, 10)), gate(0.1))
    assert verdict.outcome == "inconclusive"
    assert verdict.decided[0].needed is None
    assert "no number of examples in reach decides" in verdict.reason


def test_the_same_answers_pass_only_where_the_examples_could_tell_a_loss():
    assert decide(sides(changed(100, 0, 0)), gate(0.05)).outcome == "pass"
    assert decide(sides(changed(50, 0, 0)), gate(0.05)).outcome == "inconclusive"


def test_sessions_that_change_together_tell_less():
    clusters = tuple(f"s{i // 10}" for i in range(100))
    baseline, candidate = [1.0] * 100, [1.0] * 80 + [0.0] * 20
    assert decide(sides(pair(baseline, candidate)), gate(0.05)).outcome == "fail"
    assert decide(sides(pair(baseline, candidate, clusters=clusters)), gate(0.05)).outcome == "inconclusive"


def test_less_is_better_where_a_metric_is_to_be_minimized():
    toxic = pair([0.0] * 100, [1.0] * 40 + [0.0] * 60, direction="minimize")
    assert decide(sides(toxic), gate(0.1)).outcome == "fail"
    assert decide(sides(replace(toxic, direction="maximize")), gate(0.1)).outcome == "pass"


def test_every_metric_must_pass_and_one_that_fails_is_enough():
    good, bad = changed(100, 2, 3, metric="a"), changed(100, 0, 40, metric="b")
    small = changed(100, 8, 9, metric="c")
    assert decide(sides(good, bad), gate(0.1, "none", "a", "b")).outcome == "fail"
    found = decide(sides(good, small), gate(0.05, "none", "a", "c"))
    assert (found.outcome, outcomes(found)) == ("inconclusive", {"a": "inconclusive", "c": "inconclusive"})


def test_a_pass_of_several_metrics_asks_no_more_of_each_than_of_one_alone():
    """The claim is that all are kept: it is wrong only if one is broken, which passes no more often for company."""
    alone = decide(sides(changed(100, 2, 3, metric="a")), gate(0.1, "none", "a"))
    both = [changed(100, 2, 3, metric=name) for name in "ab"]
    together = decide(sides(*both), gate(0.1, "none", "a", "b"))
    assert together.outcome == "pass"
    assert together.decided[0].low == alone.decided[0].low


def test_a_fail_of_several_metrics_asks_more_of_each_than_of_one_alone():
    """Holm: the more metrics are looked at, the likelier one seems worse by chance."""
    bad = changed(100, 1, 14, metric="m0")
    many = [bad, *(changed(100, 2, 2, metric=f"m{i}") for i in range(1, 6))]
    names = [each.metric for each in many]
    alone = decide(sides(bad), gate(0.05, "none", "m0", early_stop=False))
    together = decide(sides(*many), gate(0.05, "none", *names, early_stop=False))
    assert (alone.outcome, together.outcome) == ("fail", "inconclusive")
    assert together.decided[0].broken_tail == pytest.approx(0.025 / 6)


def test_pass_or_fail_metrics_have_a_floor_of_95_percent_unless_told_otherwise():
    perfect = changed(100, 0, 0, rate=1.0)
    assert floor_of(GateMetric(), perfect) == 0.95
    assert floor_of(GateMetric(), replace(perfect, direction="minimize")) == pytest.approx(0.05)
    assert floor_of(GateMetric(), replace(perfect, binary=False)) is None
    assert floor_of(GateMetric(floor="none"), perfect) is None
    assert floor_of(GateMetric(floor=0.8), replace(perfect, binary=False)) == 0.8


@pytest.mark.parametrize(("rate", "outcome"), [(1.0, "pass"), (0.95, "pass"), (0.94, "inconclusive"), (0.85, "fail")])
def test_a_floor_is_kept_by_the_rate_on_these_examples_and_broken_by_its_bound(rate, outcome):
    found = decide(sides(changed(100, 0, 0, rate=rate)), gate(0.1, "default"))
    assert outcomes(found)["valid floor"] == outcome


def test_a_floor_may_be_asked_of_the_bound():
    asked = {"valid": GateMetric(margin=0.1, floor=0.9, floor_on="bound")}
    assert decide(sides(changed(100, 0, 0, rate=0.95)), GateSettings(metrics=asked)).outcome == "inconclusive"
    assert decide(sides(changed(100, 0, 0, rate=0.98)), GateSettings(metrics=asked)).outcome == "pass"


def test_a_metric_to_minimize_has_a_ceiling():
    fine = pair([0.0] * 100, [1.0] * 3 + [0.0] * 97, direction="minimize")
    found = decide(sides(fine), gate(0.1, "default"))
    assert outcomes(found) == {"valid": "pass", "valid ceiling": "pass"}
    worse = pair([1.0] * 30 + [0.0] * 70, [1.0] * 30 + [0.0] * 70, direction="minimize")
    assert outcomes(decide(sides(worse), gate(0.1, "default")))["valid ceiling"] == "fail"


def test_a_compressed_prompt_ships_when_it_saves_a_third_and_costs_no_quality():
    saving = side("cand", 100, cost_usd=0.0065)
    ships = gate(0.1, "none", most_cost_ratio=0.7)
    assert decide(sides(changed(100, 2, 3), candidate=saving), ships).outcome == "pass"
    too_dear = decide(sides(changed(100, 2, 3)), ships)
    assert outcomes(too_dear) == {"valid": "pass", "cost": "fail"}
    assert "cost 1.00x [1.00x, 1.00x], at most 0.70x asked for: broken" in too_dear.reason


def test_a_latency_that_varies_is_inconclusive_near_its_ceiling():
    draw = np.random.default_rng(1)
    slower = side("cand", 100, latency_ms=1000.0)
    slower = replace(slower, latency_ms=1000 * draw.lognormal(0.1, 0.8, 100))
    asked = gate(0.1, "none", most_latency_ratio=1.1)
    assert outcomes(decide(sides(changed(100, 2, 3), candidate=slower), asked))["latency"] == "inconclusive"


@pytest.mark.parametrize(
    ("cost", "why"),
    [(np.full(100, NAN), "the cost of 0 of 100 examples is known"), (np.zeros(100), "the baseline has no cost")],
)
def test_a_ceiling_on_what_nobody_knows_is_inconclusive(cost, why):
    unknown = replace(side("base", 100), cost_usd=cost)
    found = decide(sides(changed(100, 2, 3), baseline=unknown), gate(0.1, "none", most_cost_ratio=0.7))
    assert found.outcome == "inconclusive"
    assert why in found.reason


def test_examples_without_a_score_make_it_inconclusive_and_never_leave_silently():
    scores = [1.0] * 94 + [NAN] * 6
    found = decide(sides(pair([1.0] * 100, scores)), gate(0.2))
    assert found.outcome == "inconclusive"
    said = "94 of 100 examples have a score of valid on both sides (94%), 95% are asked for."
    assert found.reason == said
    both = decide(sides(pair([1.0] * 100, scores)), gate(0.2, "default"))
    assert (len(both.decided), both.reason) == (2, said), "once for the difference and the floor"
    assert decide(sides(pair([1.0] * 100, [1.0] * 95 + [NAN] * 5)), gate(0.2)).outcome == "pass"


def test_repetitions_without_a_score_make_it_inconclusive_too():
    found = decide(sides(changed(100, 0, 0, shares=np.full(100, 2 / 3))), gate(0.2))
    assert found.outcome == "inconclusive"
    assert "66.7 of 100 examples have a score of valid on both sides (67%)" in found.reason
    assert decide(sides(changed(100, 0, 0, shares=np.full(100, 0.96))), gate(0.2)).outcome == "pass"


def test_examples_that_a_metric_does_not_apply_to_are_none_of_its_business():
    scores = [1.0] * 60 + [NAN] * 40
    eligible = np.array([True] * 60 + [False] * 40)
    assert decide(sides(pair(scores, scores, eligible=eligible)), gate(0.2)).outcome == "pass"


@pytest.mark.parametrize("pairs", [(pair([NAN] * 5, [NAN] * 5),), (changed(5, 0, 0, metric="other"),)])
def test_nothing_to_compare_is_inconclusive(pairs):
    found = decide(sides(*pairs), gate(0.2))
    assert found.outcome == "inconclusive"
    assert "nothing to compare: no example has a score of valid on both sides" in found.reason


def test_a_gate_without_demands_is_inconclusive():
    found = decide(sides(changed(5, 0, 0)), GateSettings())
    assert (found.outcome, found.reason) == ("inconclusive", "nothing to compare: the gate demands nothing.")


def test_one_example_and_one_session_are_inconclusive():
    everything = gate(0.2, "default", most_cost_ratio=0.5, most_latency_ratio=0.5)
    assert set(outcomes(decide(sides(changed(1, 0, 1)), everything)).values()) == {"inconclusive"}
    together = changed(50, 0, 50, clusters=("s",) * 50)
    assert decide(sides(together), gate(0.2)).outcome == "inconclusive"


def test_any_doubt_makes_the_best_result_inconclusive():
    found = decide(
        sides(changed(100, 2, 3), doubts=("judge valid drifts",)), gate(0.1), ["2 canaries answered wrongly"]
    )
    assert found.outcome == "inconclusive"
    assert found.reason == "judge valid drifts; 2 canaries answered wrongly."
    assert outcomes(found) == {"valid": "pass"}


def calibrated(tpr, tnr, n, **values):
    return {"judged": True, "calibration": Calibration(share(round(tpr * n), n), share(round(tnr * n), n)), **values}


def test_a_judge_that_errs_hides_part_of_a_loss():
    """Seen -4 points by a judge that sees six tenths: -6.7 in truth, and bounds wider than its own."""
    seen, known = changed(200, 2, 10), changed(200, 2, 10, **calibrated(0.9, 0.7, 500))
    raw, corrected = (decide(sides(each), gate(0.1)).decided[0] for each in (seen, known))
    assert raw.demand.value == pytest.approx(-0.04)
    assert corrected.demand.value == pytest.approx(-0.04 / 0.6)
    assert corrected.low < raw.low < raw.demand.value < raw.high
    assert (raw.outcome, corrected.outcome) == ("pass", "inconclusive")


def test_the_floor_of_a_judge_that_errs_is_that_of_the_true_rate():
    known = changed(200, 0, 0, rate=0.88, **calibrated(0.9, 0.9, 500))
    floor = decide(sides(known), gate(0.1, "default")).decided[1]
    assert floor.demand.value == pytest.approx((0.88 + 0.9 - 1) / 0.8)
    assert floor.outcome == "pass"


def test_a_judge_that_by_its_labels_is_hardly_better_than_a_coin_is_not_trusted():
    found = decide(sides(changed(100, 2, 3, **calibrated(0.6, 0.5, 200))), gate(0.1))
    assert found.outcome == "inconclusive"
    assert "judge not informative: TPR + TNR - 1 is 0.10" in found.reason


def test_labels_that_say_too_little_yet_are_not_used():
    known = decide(sides(changed(100, 2, 3, **calibrated(0.8, 0.6, 5))), gate(0.1)).decided[0]
    assert known.demand.value == pytest.approx(-0.01)
    assert known.outcome == "pass"


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_graded_scores_are_compared_in_their_own_unit(direction: Direction):
    draw = np.random.default_rng(2)
    baseline = draw.uniform(2, 4, 100)
    down = pair(baseline, baseline - 0.5 + draw.normal(0, 0.3, 100), direction=direction)
    asked = GateSettings(metrics={"valid": GateMetric(margin=0.2, floor="none")})
    assert decide(sides(down), asked).outcome == ("fail" if direction == "maximize" else "pass")


def test_the_demands_are_named_once_and_in_order():
    asked = gate(0.1, "default", "a", "b", most_cost_ratio=1.0, most_latency_ratio=2.0)
    found = [each.name for each in demands(sides(changed(50, 0, 0, metric="a"), changed(50, 0, 0, metric="b")), asked)]
    assert found == ["a", "a floor", "b", "b floor", "cost", "latency"]
