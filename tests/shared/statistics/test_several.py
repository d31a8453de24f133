"""Holm's procedure, Benjamini and Hochberg's, and spending over claims that come one after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from tasks.shared.statistics.several import at_each_look, holm, spending, step_down, step_up


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


# The p-values of Benjamini and Hochberg's own example, which refuses four of 15 at 0.05 where Holm refuses three.
NEUHAUS = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
           0.7590, 1.0)  # fmt: skip


def claims_of(p_values):
    return {str(i): (lambda share, p=p: p <= share) for i, p in enumerate(p_values)}


def test_the_step_up_of_its_paper_makes_four_claims_where_holm_makes_three():
    assert step_up(claims_of(NEUHAUS), 0.05) == {"0", "1", "2", "3"}
    assert set(step_down(claims_of(NEUHAUS), 0.05)) == {"0", "1", "2"}
    assert step_up({}, 0.05) == set()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10), st.floats(0.001, 0.3))
def test_the_step_up_is_the_largest_k_of_which_k_p_values_are_small_enough(values, rate):
    ordered, m = sorted(values), len(values)
    k = max((i + 1 for i, p in enumerate(ordered) if p <= rate * (i + 1) / m), default=0)
    assert step_up(claims_of(values), rate) == {str(i) for i, p in enumerate(values) if k and p <= rate * k / m}


def test_of_claims_that_are_all_false_any_is_made_no_more_often_than_the_rate():
    draw = np.random.default_rng(8)
    made = [bool(step_up(claims_of(draw.random(12)), 0.05)) for _ in range(2000)]
    assert np.mean(made) <= 0.065


@given(st.integers(1, 500), st.floats(0.001, 0.5))
def test_claims_without_an_end_spend_no_more_than_the_error(last, error):
    shares = [spending(number, error) for number in range(1, last + 1)]
    assert shares[0] == error / 2
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(error * last / (last + 1))


def test_claims_are_counted_from_one():
    with pytest.raises(ValueError, match="Count from 1"):
        spending(0, 0.05)


def test_looks_that_depend_on_each_other_or_not_err_no_more_often_together():
    draw = np.random.default_rng(4)
    noise = draw.standard_normal((20_000, 47))
    sliding = np.lib.stride_tricks.sliding_window_view(noise, 24, axis=1).mean(axis=2) * 24**0.5
    for looks in (noise[:, :24], sliding):
        p_values = 1 - special.ndtr(looks)
        assert np.mean(p_values.min(axis=1) <= at_each_look(0.05, 24)) <= 0.055
    apart = 1 - special.ndtr(noise)
    twice = np.maximum(apart[:, 1:25], apart[:, :24])
    assert 0.03 <= np.mean(twice.min(axis=1) <= at_each_look(0.05, 24, held=2)) <= 0.055
    with pytest.raises(ValueError, match="0 looks, held by 1"):
        at_each_look(0.05, 0)
