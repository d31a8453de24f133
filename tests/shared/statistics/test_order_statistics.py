"""Order-statistic intervals against published numbers and by simulation."""

import random
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.intervals import LEVEL, quantile_interval
from tasks.shared.statistics.order_statistics import quantile, quantile_ranks
from tests.shared.statistics.oracles import rank_coverage

# Ranks and level of the median's interval: the classical table, since K. R. Nair (1940), Sankhya 4, 551-558.
MEDIAN = {
    6: (1, 6, 0.969),
    9: (2, 8, 0.961),
    10: (2, 9, 0.979),
    15: (4, 12, 0.965),
    17: (5, 13, 0.951),
    20: (6, 15, 0.959),
}


@pytest.mark.parametrize("n", MEDIAN)
def test_ranks_for_the_median_are_those_of_the_published_table(n):
    low, high, level = MEDIAN[n]
    assert quantile_ranks(n, 0.5, LEVEL) == (low, high)
    assert rank_coverage(n, 0.5, low, high) == pytest.approx(level, abs=6e-4)


def test_five_values_cannot_bound_the_median():
    assert quantile_ranks(5, 0.5, LEVEL) is None
    assert quantile_interval([1, 2, 3, 4, 5], 0.5) is None
    assert quantile([1, 2, 3, 4, 5], 0.5) == 3


def test_the_interval_is_made_of_the_values_at_the_ranks():
    assert quantile_interval(range(101, 121), 0.5) == (106, 115)


def test_coverage_of_the_90th_percentile_of_100_values_is_that_of_hahn_and_meeker_1991():
    assert rank_coverage(100, 0.9, 85, 97) == pytest.approx(0.9523, abs=5e-5)


def test_p99_needs_368_values():
    assert quantile_ranks(367, 0.99, LEVEL) is None
    assert quantile_ranks(368, 0.99, LEVEL) is not None


def test_quantile_is_the_smallest_value_that_the_share_does_not_exceed():
    assert quantile(range(1, 101), 0.95) == 95
    assert quantile(range(1, 101), 0.55) == 55
    assert quantile(range(1, 102), 0.95) == 96
    assert quantile([7.0], 0.99) == 7


@pytest.mark.parametrize(("ordered", "p"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.0)])
def test_quantile_refuses_what_has_no_answer(ordered, p):
    with pytest.raises(ValueError, match="no quantile"):
        quantile(ordered, p)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_ranks_refuse_what_is_not_a_quantile(p):
    with pytest.raises(ValueError, match="no quantile"):
        quantile_ranks(10, p, LEVEL)


def test_a_million_values_take_no_longer_than_their_standard_deviation():
    low, high = quantile_ranks(1_000_000, 0.5, LEVEL)
    assert (low, high) == pytest.approx((500_000 - 980, 500_000 + 980), abs=2)
    assert rank_coverage(1_000_000, 0.5, low, high) == pytest.approx(0.95, abs=2e-3)


@given(st.integers(1, 3000), st.floats(0.01, 0.99))
def test_ranks_hold_the_level_with_at_most_the_tail_on_each_side(n, p):
    ranks = quantile_ranks(n, p, LEVEL)
    if ranks is None:
        # Both extremes together fail on at least one side.
        assert p**n > 0.025 or (1 - p) ** n > 0.025
        return
    low, high = ranks
    assert 1 <= low < high <= n
    assert rank_coverage(n, p, 0, low) <= 0.025 + 1e-9
    assert rank_coverage(n, p, high, n + 1) <= 0.025 + 1e-9
    assert low / n - 1 / n <= p <= high / n + 1 / n


@pytest.mark.parametrize(("n", "p"), [(200, 0.5), (400, 0.95), (2000, 0.99)])
def test_quantile_interval_covers_the_truth_in_93_to_97_percent_of_samples(n, p):
    draw = random.Random(1940)
    truth = -log(1 - p)
    runs = 1000
    covered = 0
    for _ in range(runs):
        low, high = quantile_interval(sorted(draw.expovariate(1.0) for _ in range(n)), p)
        covered += low <= truth <= high
    assert 0.93 <= covered / runs <= 0.97
