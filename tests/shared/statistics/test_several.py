"""Holm's procedure, with p-values and with claims."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.several import holm, step_down


def test_adjusted_p_values_are_those_of_the_textbook():
    # 4 * 0.005, 3 * 0.01, 2 * 0.03, and 0.04 no smaller than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0.001, 0.2))
def test_claims_at_a_tail_are_those_whose_adjusted_p_value_is_within_it(values, tail):
    p_values = {str(i): p for i, p in enumerate(values)}
    claims = {name: (lambda share, p=p: p <= share) for name, p in p_values.items()}
    made = step_down(claims, tail)
    adjusted = dict(zip(p_values, holm(values), strict=True))
    near = {name for name, p in adjusted.items() if abs(p - tail) < 1e-9}
    assert set(made) - near == {name for name, p in adjusted.items() if p <= tail} - near


def test_a_claim_that_holds_makes_room_for_the_next():
    made = step_down({"strong": lambda tail: tail >= 0.001, "weak": lambda tail: tail >= 0.02}, 0.025)
    assert made == {"strong": 0.0125, "weak": 0.025}
    assert step_down({"none": lambda _: False, "weak": lambda tail: tail >= 0.02}, 0.025) == {}


def test_of_true_hypotheses_any_is_refused_no_more_often_than_the_tail():
    draw = np.random.default_rng(6)
    refused = [min(holm(list(draw.random(5)))) <= 0.05 for _ in range(2000)]
    assert np.mean(refused) <= 0.065
