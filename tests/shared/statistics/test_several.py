"""Holm's procedure, Benjamini and Hochberg's, and spending over claims that come one after the other."""
"""Holm's procedure, with p-values and with claims; Benjamini's and Hochberg's with claims."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.several import holm, spending, step_down, step_up
from tasks.shared.statistics.several import holm, step_down, step_up


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
# Table of Benjamini and Hochberg (1995), section 3.1: the ordered p-values of 15 hypotheses on rt-PA and APSAC.
OF_1995 = (
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240),
    *(0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
)


def claims_of(p_values):
    return {str(i): (lambda tail, p=p: p <= tail) for i, p in enumerate(p_values)}


def test_step_up_makes_the_four_claims_of_1995_of_which_bonferroni_makes_three():
    assert list(step_up(claims_of(OF_1995), 0.05)) == ["0", "1", "2", "3"]
    assert sum(p <= 0.05 / 15 for p in OF_1995) == 3


def test_claims_that_hold_at_no_tail_may_be_left_out_but_count():
    few = {name: claim for name, claim in claims_of(OF_1995).items() if claim(0.05)}
    assert step_up(few, 0.05, of=15) == step_up(claims_of(OF_1995), 0.05)
    with pytest.raises(ValueError, match="9 claims of 3"):
        step_up(few, 0.05, of=3)
    assert step_up({}, 0.05, of=15) == {}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10), st.floats(0.001, 0.3))
def test_step_up_is_the_largest_k_of_which_k_p_values_are_small_enough(values, tail):
    ordered, m = sorted(values), len(values)
    k = max((i + 1 for i, p in enumerate(ordered) if p <= tail * (i + 1) / m), default=0)
    made = step_up(claims_of(values), tail)
    close = any(abs(p - tail * i / m) < 1e-12 for p in values for i in range(1, m + 1))
    assert close or len(made) == sum(p <= tail * k / m for p in values if k)


def test_of_the_claims_made_few_are_false_on_average():
    draw = np.random.default_rng(7)
    shares = []
    for _ in range(1000):
        true = [str(i) for i in range(40)]
        p_values = [*draw.random(40), *(draw.random(10) * 0.002)]
        made = step_up(claims_of(p_values), 0.1)
        shares.append(sum(name in made for name in true) / max(len(made), 1))
    assert np.mean(shares) <= 0.1
