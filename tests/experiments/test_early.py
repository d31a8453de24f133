"""When to look, and when an experiment may stop."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.experiments.early import Settled, in_order, looks, settled
from tasks.experiments.verdict import decide
from tests.experiments.sides import changed, gate, pair, sides


@pytest.mark.parametrize(
    ("planned", "at"),
    [(100, (25, 50, 75, 100)), (50, (13, 25, 38, 50)), (30, (15, 23, 30)), (9, (9,)), (1, (1,)), (0, (0,))],
)
def test_looks_are_spread_evenly_and_none_comes_before_ten_examples(planned, at):
    assert looks(planned, gate()) == at


def test_without_early_stop_there_is_one_look():
    assert looks(100, gate(early_stop=False)) == (100,)


def test_the_order_is_that_of_a_hash_and_keeps_sessions_together():
    examples = [(f"e{i}", f"s{i % 7}") for i in range(40)]
    order = in_order(examples)
    assert order == in_order(reversed(examples))
    assert sorted(order) == sorted(example for example, _ in examples)
    sessions = [dict(examples)[example] for example in order]
    assert sum(a != b for a, b in pairwise(sessions)) == 6
    assert order != sorted(order)


def test_a_clear_loss_stops_at_the_first_look_that_sees_it():
    found = settled(sides(changed(50, 0, 25), planned=100), gate(0.1))
    assert found == Settled("fail", found.reason, 50, 100)
    assert settled(sides(changed(50, 2, 8), planned=100), gate(0.1)) is None


def test_a_clear_gain_stops_too():
    assert settled(sides(changed(75, 5, 0), planned=100), gate(0.1)).verdict == "pass"


def test_an_early_look_asks_more_than_the_last_one():
    half = changed(50, 0, 0)
    assert settled(sides(half, planned=100), gate(0.1)) is None
    assert decide(sides(half), gate(0.1)).outcome == "pass"


def test_a_floor_on_the_estimate_waits_for_all_examples_before_it_is_kept():
    good = changed(75, 5, 2)
    assert settled(sides(good, planned=100), gate(0.1, "default")) is None
    assert settled(sides(good, planned=100), gate(0.1, 0.8)).verdict == "pass"


def test_a_floor_that_no_remaining_example_can_rescue_is_broken_between_two_looks_too():
    found = settled(sides(changed(60, 0, 0, rate=0.5), planned=100), gate(0.5, "default"))
    assert found.verdict == "fail"
    assert found.reason == "valid floor is broken whatever the other examples say."


def test_what_no_remaining_example_can_change_passes():
    found = settled(sides(changed(99, 20, 0), planned=100), gate(0.1))
    assert (found.verdict, found.reason) == ("pass", "valid is kept whatever the other examples say.")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.sampled_from([1, 4, 40]), st.data())
def test_what_is_certain_comes_true_however_the_others_answer(wins, losses, left, data):
    asked = changed(60, wins, losses)
    found = settled(sides(asked, planned=60 + left), gate(0.1, "default"))
    if found is None or "whatever the other examples say" not in found.reason:
        return
    rest = data.draw(
        st.lists(st.sampled_from([(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]), min_size=left, max_size=left)
    )
    baseline = [*asked.baseline.tolist(), *(b for b, _ in rest)]
    candidate = [*asked.candidate.tolist(), *(c for _, c in rest)]
    assert decide(sides(pair(baseline, candidate)), gate(0.1, "default")).outcome == found.verdict


def test_when_too_many_scores_are_missing_asking_on_cannot_help():
    broken = pair([1.0] * 50, [1.0] * 44 + [float("nan")] * 6)
    found = settled(sides(broken, planned=100), gate(0.1))
    assert found.verdict == "inconclusive"
    assert "44 of 50 examples have a score" in found.reason
    few = pair([1.0] * 50, [1.0] * 46 + [float("nan")] * 4)
    assert settled(sides(few, planned=100), gate(0.1)) is None


def test_a_judge_in_doubt_stops_it():
    assert settled(sides(changed(50, 0, 0), planned=100, doubts=("drifts",)), gate(0.1)).verdict == "inconclusive"


def test_after_all_examples_there_is_nothing_to_stop():
    assert settled(sides(changed(100, 0, 60)), gate(0.1)) is None


def test_an_experiment_that_was_cut_off_is_inconclusive():
    found = decide(sides(changed(40, 0, 2), planned=100), gate(0.1))
    assert found.outcome == "inconclusive"
    assert found.reason == (
        "the experiment is not finished: 40 of 100 examples are asked of both, and they do not decide."
    )


def test_sessions_are_never_said_to_be_certain():
    clusters = tuple(f"s{i // 2}" for i in range(60))
    together = replace(changed(60, 0, 0, rate=0.5), clusters=clusters)
    assert settled(sides(together, planned=100), gate(0.5, "default")) is None


def test_neither_are_examples_whose_sessions_are_still_to_come_or_unknown():
    asked = changed(60, 0, 0, rate=0.5)
    assert settled(sides(asked, planned=100), gate(0.5, "default")).verdict == "fail"
    for coming in (tuple(f"s{i // 2}" for i in range(40)), (*asked.clusters[:1], *map(str, range(39))), None):
        assert settled(sides(asked, planned=100, coming=coming), gate(0.5, "default")) is None


def test_four_looks_pass_a_candidate_on_the_margin_no_more_often_than_one():
    """True difference -0.1 on a margin of 0.1, 100 examples; 200 comparisons: +-2.2 points."""
    draw, asked, passed = np.random.default_rng(11), gate(0.1), 0
    for _ in range(200):
        place = draw.random(100)
        candidate = np.where(place < 0.15, 0.0, 1.0)
        baseline = np.where((place >= 0.15) & (place < 0.2), 0.0, 1.0)
        for count in looks(100, asked):
            one = pair(baseline[:count].tolist(), candidate[:count].tolist())
            if decide(sides(one, planned=100), asked).outcome == "pass":
                passed += 1
                break
    assert passed / 200 <= 0.06
