"""Ratios of what two variants take."""

from math import exp, inf, log

import numpy as np
import pytest

from tasks.shared.statistics.ratio import ratio_of_totals, typical_ratio
from tests.shared.statistics.oracles import mean_interval

EACH = [str(i) for i in range(200)]


def test_a_ratio_of_totals_weighs_large_examples_more():
    found = ratio_of_totals(np.array([1.0, 8.0]), np.array([2.0, 10.0]), EACH[:2])
    assert found.value == pytest.approx(0.75)
    assert not found.logarithmic


def test_a_typical_ratio_is_the_geometric_mean_with_its_interval_carried_over():
    above, below = np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.ones(5)
    found = typical_ratio(above, below, EACH[:5])
    assert found.value == pytest.approx(4.0)
    low, high = mean_interval([log(each) for each in above])
    assert found.bounds(0.025) == pytest.approx((exp(low), exp(high)))


def test_the_same_share_everywhere_is_known_exactly():
    below = np.linspace(0.001, 0.01, 30)
    low, high = ratio_of_totals(0.7 * below, below, EACH[:30]).bounds(0.025)
    assert (low, high) == pytest.approx((0.7, 0.7))


def test_nothing_below_has_no_ratio_and_one_cluster_no_bounds():
    assert ratio_of_totals(np.ones(3), np.zeros(3), EACH[:3]) is None
    assert typical_ratio(np.ones(3), np.array([1.0, 0.0, 1.0]), EACH[:3]) is None
    assert typical_ratio(np.zeros(0), np.zeros(0), []) is None
    assert ratio_of_totals(np.ones(3), np.ones(3), ["a"] * 3).bounds(0.025) == (0.0, inf)


def test_the_interval_of_a_ratio_of_totals_holds_the_truth_as_often_as_it_says():
    draw, held = np.random.default_rng(2), 0
    for _ in range(500):
        below = draw.lognormal(0, 0.5, 60)
        above = 0.8 * below * draw.lognormal(-0.045, 0.3, 60)
        low, high = ratio_of_totals(above, below, EACH[:60]).bounds(0.025)
        held += low <= 0.8 <= high
    assert 0.92 <= held / 500 <= 0.98
