"""A difference that a judge saw, and the true one behind it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.estimate import share
from tasks.shared.statistics.judged_difference import Calibration, judged_difference


def known(tpr: float, tnr: float, n: int = 10**9) -> Calibration:
    return Calibration(share(round(tpr * n), n), share(round(tnr * n), n))


def test_a_judge_that_never_errs_is_taken_at_its_word():
    assert judged_difference(-0.04, (-0.1, 0.02), known(1, 1), 0.025) == pytest.approx((-0.04, -0.1, 0.02), abs=1e-6)


def test_a_judge_that_sees_seven_tenths_makes_differences_look_smaller_by_as_much():
    value, low, high = judged_difference(-0.07, (-0.14, 0.0), known(0.9, 0.8), 0.025)
    assert (value, low, high) == pytest.approx((-0.1, -0.2, 0.0), abs=1e-4)


def test_few_labels_widen_the_bounds():
    narrow = judged_difference(-0.2, (-0.3, -0.1), known(0.9, 0.8), 0.025)
    value, low, high = judged_difference(-0.2, (-0.3, -0.1), known(0.9, 0.8, 50), 0.025)
    assert value == pytest.approx(narrow[0])
    assert low < narrow[1]
    assert high >= narrow[2] - 0.01


@given(st.floats(-0.5, 0.5), st.floats(0.01, 0.3), st.integers(20, 500))
def test_the_bounds_hold_the_value_and_mirror(seen, reach, n):
    value, low, high = judged_difference(seen, (seen - reach, seen + reach), known(0.9, 0.85, n), 0.025)
    assert low <= value <= high
    mirrored = judged_difference(-seen, (-seen - reach, -seen + reach), known(0.9, 0.85, n), 0.025)
    assert mirrored == pytest.approx((-value, -high, -low), abs=1e-6)


def test_a_judge_no_better_than_a_coin_is_refused():
    assert known(0.5, 0.6).refusal(0.025) == "judge not informative: TPR + TNR - 1 is 0.10, at least 0.2 is asked for."
    few = Calibration(share(6, 10), share(7, 10))
    assert "may be" in few.refusal(0.025)
    assert "10 positive and 10 negative labels" in few.refusal(0.025)
    with pytest.raises(ValueError, match="not informative"):
        judged_difference(0.0, (-0.1, 0.1), few, 0.025)


def test_the_bounds_hold_the_true_difference_as_often_as_they_say():
    """Independent units, 400 a side, TPR 0.9 and TNR 0.8 by 60 labels each; the true difference is -0.2."""
    draw = random.Random(9)
    held = 0
    for _ in range(400):
        passes = [sum(draw.random() < rate * 0.9 + (1 - rate) * 0.2 for _ in range(400)) / 400 for rate in (0.8, 0.6)]
        seen = passes[1] - passes[0]
        reach = 1.96 * (sum(p * (1 - p) for p in passes) / 400) ** 0.5
        rates = [share(sum(draw.random() < rate for _ in range(60)), 60) for rate in (0.9, 0.8)]
        _, low, high = judged_difference(seen, (seen - reach, seen + reach), Calibration(*rates), 0.025)
        held += low <= -0.2 <= high
    assert 0.925 <= held / 400 <= 0.99
