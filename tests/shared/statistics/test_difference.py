"""Paired differences in clusters: their error, their bounds, and how often those hold the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.cluster_means import bootstrap_mean
from tasks.shared.statistics.clustered import clustered_mean
from tasks.shared.statistics.difference import difference
from tasks.shared.statistics.matched import tango
from tests.shared.statistics.oracles import mean_interval

Z = 1.959963984540054
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48.0])
EACH = [str(i) for i in range(200)]


def test_without_clusters_the_error_is_that_of_a_plain_mean():
    mean = clustered_mean(DARWIN, EACH[:15])
    # Fisher (1935), section 17: t is 2.148.
    assert mean.value / mean.standard_error == pytest.approx(2.148, abs=5e-4)
    assert mean.standard_error == pytest.approx(mean.independent_error)
    assert (mean.clusters, mean.degrees, mean.design_effect) == (15, 14, pytest.approx(1.0))


def test_clusters_that_are_all_of_a_piece_are_worth_one_value_each():
    values, clusters = np.repeat([1.0, 0, 0, 1, 1, 0, 0, 0], 5), np.repeat(EACH[:8], 5)
    mean = clustered_mean(values, clusters)
    assert mean.standard_error == pytest.approx(clustered_mean(values[::5], clusters[::5]).standard_error)
    assert mean.design_effect == pytest.approx(39 / 7)


def test_the_error_is_the_sandwich_worked_by_hand():
    # Mean 2; residual sums of the clusters: -1, -1, 2; 3/2 * (1 + 1 + 4) = 9.
    mean = clustered_mean(np.array([1, 2, 1, 4.0]), ["a", "a", "b", "c"])
    assert mean.standard_error == pytest.approx(3 / 4)
    assert mean.like_sized == pytest.approx(16 / 6)


def test_symmetric_values_have_students_interval():
    values = np.array([-2, -1, 0, 1, 2.0]) + 5
    assert clustered_mean(values, EACH[:5]).bounds(0.025) == pytest.approx(mean_interval(values.tolist()))


def test_a_long_tail_below_moves_both_bounds_down():
    values = np.array([0.0] * 45 + [-1.0] * 5)
    mean = clustered_mean(values, EACH[:50])
    low, high = mean.bounds(0.025)
    plain_low, plain_high = mean_interval(values.tolist())
    assert low < plain_low < plain_high < 0.02
    assert high < plain_high


def test_one_cluster_tells_nothing():
    assert difference(np.ones(10), ["a"] * 10).bounds(0.025) == (-1.0, 1.0)


def test_right_or_wrong_answers_get_tangos_interval():
    found = difference(np.array([1.0] * 6 + [-1.0] * 16 + [0.0] * 139), EACH[:161])
    assert found.method == "score"
    assert found.bounds(0.025) == pytest.approx(tango(6, 16, 161, Z))


def test_equal_answers_in_sessions_are_worth_one_example_a_session():
    found = difference(np.zeros(100), np.repeat(EACH[:25], 4))
    low, high = found.bounds(0.025)
    assert high == pytest.approx(Z * Z / (25 + Z * Z), rel=0.15)
    assert low == -high


def test_few_changed_graded_answers_are_bounded_as_if_each_had_changed_all_the_way():
    found = difference(np.array([-0.5, -0.25] + [0.0] * 48), EACH[:50])
    assert found.method == "score"
    assert found.bounds(0.025) == pytest.approx(tango(0, 0.75, 50, Z))


def test_a_wider_scale_scales_the_bounds():
    values = np.array([-2.0, 1.0] + [0.0] * 48)
    halved = difference(values / 4, EACH[:50]).bounds(0.025)
    assert difference(values, EACH[:50], reach=4.0).bounds(0.025) == pytest.approx(tuple(4 * end for end in halved))


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=2, max_size=30), st.floats(0.001, 0.2))
def test_bounds_hold_the_mean_mirror_and_widen_with_confidence(values, tail):
    found = difference(np.array(values), EACH[: len(values)])
    low, high = found.bounds(tail)
    assert -1 <= low <= found.value + 1e-9 <= high + 2e-9 <= 1 + 2e-9
    assert difference(-np.array(values), EACH[: len(values)]).bounds(tail) == pytest.approx((-high, -low), abs=1e-7)
    wider = found.bounds(tail / 2)
    assert wider[0] <= low + 1e-9
    assert wider[1] >= high - 1e-9


def test_differences_beyond_the_scale_are_refused():
    with pytest.raises(ValueError, match=r"a difference of 3\.0 where 1\.0 is the largest"):
        difference(np.array([0.0, 3.0]), EACH[:2])


@pytest.mark.parametrize("losses", [0.05, 0.15])
@pytest.mark.parametrize("size", [1, 4])
def test_bounds_miss_the_truth_no_more_often_than_they_say(losses, size):
    """Right or wrong, 80 examples; a fifth of a session's examples change together. 800 draws: +-1.1 points."""
    draw, missed = np.random.default_rng(7), np.zeros(2)
    clusters = np.repeat(np.arange(80 // size), size)
    for _ in range(800):
        place = np.where(draw.random(80) < 0.45, draw.random(80 // size)[clusters], draw.random(80))
        values = np.where(place < losses, -1.0, np.where(place < losses + 0.05, 1.0, 0.0))
        low, high = difference(values, clusters.astype(str)).bounds(0.025)
        missed += (low > 0.05 - losses, high < 0.05 - losses)
    assert (missed / 800 <= 0.036).all()


def test_skewed_graded_differences_are_missed_evenly_where_students_interval_is_not():
    """100 examples of which a tenth falls by 1 and a twentieth rises by a half; 1500 draws."""
    draw, missed, plain = np.random.default_rng(8), np.zeros(2), np.zeros(2)
    for _ in range(1500):
        place = draw.random(100)
        values = np.where(place < 0.1, -1.0, np.where(place < 0.15, 0.5, 0.0))
        mean = clustered_mean(values, EACH[:100])
        reach = mean.standard_error * 1.984
        low, high = mean.bounds(0.025)
        missed += (low > -0.075, high < -0.075)
        plain += (mean.value - reach > -0.075, mean.value + reach < -0.075)
    assert plain[0] / 1500 > 0.04
    assert (missed / 1500 <= 0.035).all()


def test_the_bootstrap_draws_clusters_and_has_no_width_where_nothing_changed():
    values, clusters = np.repeat([0.2, -0.1, 0.4, 0.0, 0.3, -0.2, 0.1, 0.5], 5), np.repeat(EACH[:8], 5)
    low, high = bootstrap_mean(values, clusters, 0.025)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * clustered_mean(values, clusters).standard_error, rel=0.2)
    assert bootstrap_mean(np.zeros(10), EACH[:10], 0.025) == (0.0, 0.0)
    assert bootstrap_mean(np.ones(3), ["a"] * 3, 0.025) is None
