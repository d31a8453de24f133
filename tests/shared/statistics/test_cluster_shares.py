"""Shares of units that come in clusters: equal to what is known, and how often their intervals hold the truth."""

import numpy as np
import pytest

from tasks.shared.statistics.cluster_shares import ClusterSums, cluster_share
from tasks.shared.statistics.hajek import hajek
from tasks.shared.statistics.intervals import wilson


def sums(units, having):
    units, having = np.asarray(units, float), np.asarray(having, float)
    squares = (float(units @ units), float(having @ having), float(units @ having))
    return ClusterSums(len(units), float(units.sum()), float(having.sum()), *squares)


def test_of_clusters_of_one_unit_it_is_wilson_s_interval():
    found = cluster_share(sums([1] * 20, [1] * 3 + [0] * 17))
    assert (found.value, found.n) == (0.15, 20)
    assert (found.low, found.high) == pytest.approx(wilson(3, 20))


def test_of_clusters_that_agree_it_is_that_of_as_many_units_as_clusters():
    found = cluster_share(sums([5] * 20, [5] * 3 + [0] * 17))
    assert (found.low, found.high) == pytest.approx(wilson(3, 20), abs=0.02)


def test_it_is_hajek_s_mean_of_the_units_one_by_one():
    units, having = [3, 1, 4, 2, 2], [3, 0, 2, 0, 1]
    values = [float(i < h) for u, h in zip(units, having, strict=True) for i in range(u)]
    clusters = [str(c) for c, u in enumerate(units) for _ in range(u)]
    one_by_one = hajek(values, [1.0] * len(values), clusters)
    found = cluster_share(sums(units, having))
    assert (found.value, found.low, found.high) == pytest.approx((one_by_one.value, one_by_one.low, one_by_one.high))


def test_nothing_and_all_of_nothing_are_no_shares_and_certain_ones():
    assert cluster_share(ClusterSums(0, 0, 0, 0, 0, 0)) is None
    found = cluster_share(sums([2, 3], [2, 3]))
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0 < found.low < 0.6


def test_nineteen_of_twenty_intervals_hold_the_true_share_though_clusters_differ():
    draw = np.random.default_rng(11)
    held = 0
    for _ in range(2000):
        units = draw.geometric(0.25, 150)
        having = draw.binomial(units, draw.beta(0.9 * 3, 0.1 * 3, 150))
        found = cluster_share(sums(units, having))
        held += found.low <= 0.9 <= found.high
    assert 0.935 <= held / 2000 <= 0.975
