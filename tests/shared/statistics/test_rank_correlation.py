"""Spearman's correlation against a published example, at its edges, and by simulation."""

import random
from math import asin, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.rank_correlation import mid_ranks, rank_correlation

# The example of `ci.spear` in Bonett's own R package statpsych.
Y = [21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19]
X = [67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51]


def test_correlation_and_interval_are_those_of_bonetts_own_example():
    answer = rank_correlation(X, Y)
    assert answer.value == pytest.approx(0.8699639, abs=1e-7)
    assert (answer.low, answer.high) == pytest.approx((0.5840951, 0.9638297), abs=1e-7)
    assert answer.n == 15


def test_equal_values_share_the_mean_of_their_ranks():
    assert mid_ranks([30, 10, 20, 10, 30, 30]) == [5, 1.5, 3, 1.5, 5, 5]


def test_a_full_correlation_of_few_pairs_is_no_certainty():
    up, down = rank_correlation(range(6), range(6)), rank_correlation(range(6), range(6, 0, -1))
    assert (up.value, up.high) == (1, 1)
    assert 0.3 < up.low < 0.4
    assert (down.value, down.low, down.high) == (-1, -1, -up.low)


@pytest.mark.parametrize(("xs", "ys"), [([], []), ([1, 2, 3], [1, 2, 3]), ([1, 2, 3, 4], [5, 5, 5, 5])])
def test_few_pairs_or_no_spread_have_no_correlation(xs, ys):
    assert rank_correlation(xs, ys) is None


def test_values_without_partners_are_refused():
    with pytest.raises(ValueError, match="Give pairs"):
        rank_correlation([1, 2, 3, 4], [1, 2, 3])


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=4, max_size=40))
def test_only_the_order_counts(pairs):
    xs, ys = zip(*pairs, strict=True)
    answer, moved = rank_correlation(xs, ys), rank_correlation([x**3 + 5 * x for x in xs], ys)
    assert answer == moved
    if answer:
        assert -1 <= answer.low <= answer.value <= answer.high <= 1
        mirrored = rank_correlation([-x for x in xs], ys)
        assert (mirrored.value, mirrored.low) == pytest.approx((-answer.value, -answer.high))


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_interval_covers_the_truth_in_93_to_97_percent_of_samples(correlation):
    # Of two normal variables Spearman's correlation is 6 / pi * asin(r / 2).
    draw = random.Random(2000)
    truth = 6 / pi * asin(correlation / 2)
    runs, covered = 1000, 0
    for _ in range(runs):
        xs = [draw.gauss(0, 1) for _ in range(100)]
        ys = [correlation * x + (1 - correlation**2) ** 0.5 * draw.gauss(0, 1) for x in xs]
        answer = rank_correlation(xs, ys)
        covered += answer.low <= truth <= answer.high
    assert 0.93 <= covered / runs <= 0.97
