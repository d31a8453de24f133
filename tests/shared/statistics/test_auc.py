"""The area under the ROC curve: its value, and what its interval promises."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.auc import auc, variance

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)


def test_hanley_and_mcneils_example_of_ratings():
    # Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143, 29-36, table 1:
    # 58 normal and 51 abnormal images in five categories; the area is 0.893.
    normal = [rating for rating, count in enumerate((33, 6, 6, 11, 2)) for _ in range(count)]
    abnormal = [rating for rating, count in enumerate((3, 2, 2, 11, 33)) for _ in range(count)]
    found = auc(abnormal, normal)
    assert found.value == pytest.approx(0.893, abs=0.0005)
    assert found.standard_error == pytest.approx(0.032, abs=0.002)
    assert found.low < 0.893 < found.high


@given(SCORES, SCORES)
def test_it_is_the_share_of_pairs_won_with_ties_half_and_mirrors(higher, lower):
    found = auc(higher, lower)
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in higher for b in lower]
    assert found.value == pytest.approx(sum(pairs) / len(pairs))
    assert 0 <= found.low <= found.value <= found.high <= 1
    mirrored = auc(lower, higher)
    assert (mirrored.value, mirrored.low) == (pytest.approx(1 - found.value), pytest.approx(1 - found.high, abs=1e-9))


def test_groups_entirely_apart_have_an_interval_that_narrows_with_their_size():
    few, many = (auc([1.0] * n, [0.0] * n) for n in (5, 50))
    assert (few.value, few.high, many.high) == (1, 1, 1)
    assert 0.5 < few.low < many.low < 1


@pytest.mark.parametrize(("shift", "m", "n"), [(0.0, 20, 20), (1.0, 20, 60), (2.0, 30, 30)])
def test_its_interval_holds_the_truth_as_often_as_it_says(shift, m, n):
    rng, truth, held, rounds = random.Random(7), 0.5 * (1 + math.erf(shift / 2)), 0, 400
    for _ in range(rounds):
        found = auc([rng.gauss(shift, 1) for _ in range(m)], [rng.gauss(0, 1) for _ in range(n)])
        held += found.low <= truth <= found.high
    assert held / rounds > 0.92


def test_a_group_without_scores_is_refused():
    with pytest.raises(ValueError, match="0 scores against 1"):
        auc([], [1.0])
    assert variance(1.0, 3, 4) == 0
