"""Departures from earlier weeks: by hand, on quiet series, on one that changed."""

import numpy as np
import pytest

from tasks.shared.statistics.poisson import poisson_interval
from tasks.shared.statistics.seasonal import MEDIAN_VARIANCE, Departure, Point, departure, excess_variance

WEEKS, HOURS = 4, 168


def points(values, variance):
    return [Point(float(value), variance) for value in values]


def test_a_departure_by_hand():
    found = departure(Point(5.0, 0.04), points([1, 2, 30, 2], 0.09))
    assert (found.difference, found.expected, found.baseline) == (3.0, 2.0, 4)
    assert found.sampling_variance == pytest.approx(0.04 + 0.2982 * 0.09)
    assert found.z(0.0) == pytest.approx(3.0 / found.sampling_variance**0.5)
    assert found.z(1.0) == pytest.approx(3.0 / (found.sampling_variance + 1.2982) ** 0.5)
    with pytest.raises(ValueError, match="no value to compare with"):
        departure(Point(5.0, 0.04), [])


def test_the_variance_of_the_median_is_that_of_medians():
    draw = np.random.default_rng(5)
    for count, variance in MEDIAN_VARIANCE.items():
        assert np.var(np.median(draw.standard_normal((40_000, count)), axis=1)) == pytest.approx(variance, rel=0.04)


def history(draw, excess):
    """Weeks of values around a weekly rhythm, each with a sampling variance of its own, and this week's departures."""
    rhythm, variance = np.sin(np.arange(HOURS) / 24 * 2 * np.pi), draw.uniform(0.01, 0.2, (WEEKS + 1, HOURS))
    values = rhythm + draw.standard_normal((WEEKS + 1, HOURS)) * np.sqrt(variance + excess)
    weeks = [
        [Point(float(v), float(s)) for v, s in zip(*each, strict=True)] for each in zip(values, variance, strict=True)
    ]
    return [departure(weeks[-1][hour], [week[hour] for week in weeks[:-1]]) for hour in range(HOURS)]


@pytest.mark.parametrize("excess", [0.0, 0.05, 0.4])
def test_what_varies_beside_sampling_is_found(excess):
    draw = np.random.default_rng(11)
    found = np.mean([excess_variance(history(draw, excess)) for _ in range(40)])
    assert found == pytest.approx(excess, abs=0.02 + 0.15 * excess)


def test_a_few_hours_of_trouble_move_it_little_and_few_hours_say_nothing():
    quiet = history(np.random.default_rng(2), 0.1)
    trouble = [Departure(50.0, 0.0, 0.1, 4)] * 8
    assert excess_variance(quiet + trouble) == pytest.approx(excess_variance(quiet), rel=0.35)
    assert excess_variance(quiet[:47]) is None
    assert excess_variance([Departure(0.0, 0.0, 0.1, 4)] * 60) == 0.0


def test_quiet_hours_depart_as_often_as_a_normal_value_does():
    draw = np.random.default_rng(8)
    beyond = []
    for _ in range(60):
        before = history(draw, 0.1)
        now = history(draw, 0.1)
        excess = excess_variance(before)
        beyond += [each.z(excess) > 2.326 for each in now]
    assert np.mean(beyond) == pytest.approx(0.01, abs=0.005)


def test_poisson_intervals_are_garwood_s():
    # F. Garwood (1936), table I, 95 %: as in every table of exact Poisson limits.
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(1) == pytest.approx((0.0253, 5.572), abs=1e-3)
    assert poisson_interval(10) == pytest.approx((4.795, 18.39), abs=1e-2)
    with pytest.raises(ValueError, match="-1 events"):
        poisson_interval(-1)
