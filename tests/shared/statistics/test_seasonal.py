"""Departures from earlier weeks: by hand, on quiet series, on one that changed."""

import datetime as dt
from functools import cache
from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest

from tasks.shared.statistics.poisson import poisson_interval
from tasks.shared.statistics.seasonal import (
    MAD_EFFICIENCY,
    MEDIAN_VARIANCE,
    Departure,
    Point,
    Variation,
    departure,
    not_overlapping,
    variation,
)
from tasks.shared.statistics.student import t_quantile

WEEKS, HOURS = 4, 168
START = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


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
    found = np.mean([variation(history(draw, excess), HOURS).variance for _ in range(40)])
    assert found == pytest.approx(excess, abs=0.02 + 0.15 * excess)


def test_a_few_hours_of_trouble_move_it_little_and_few_windows_say_nothing():
    quiet = history(np.random.default_rng(2), 0.1)
    trouble = [Departure(50.0, 0.0, 0.1, 4)] * 8
    usual = variation(quiet, HOURS).variance
    assert variation(quiet + trouble, HOURS + 8).variance == pytest.approx(usual, rel=0.35)
    assert variation(quiet, 6) is None
    assert variation([Departure(0.0, 0.0, 0.1, 4)] * 60, 60) == Variation(0.0, 22)


def test_windows_that_do_not_overlap_are_counted():
    def counted(hours, ends):
        return not_overlapping([START + dt.timedelta(hours=end) for end in ends], dt.timedelta(hours=hours))

    assert counted(1, range(48)) == 48
    assert counted(6, reversed(range(48))) == 8
    assert counted(24, range(0, 28 * 24, 4)) == 28
    assert counted(24, [0, 1, 2, 40, 41, 64]) == 3
    assert counted(24, []) == 0


def test_a_median_absolute_deviation_is_worth_its_share_of_as_many_values():
    # The variance of the logarithm of a standard deviation of so many degrees of freedom is 1 / (2 degrees).
    spreads = np.median(np.abs(np.random.default_rng(3).standard_normal((20_000, 201))), axis=1)
    assert 1 / (2 * np.var(np.log(spreads))) == pytest.approx(MAD_EFFICIENCY * 201, rel=0.05)


@cache
def found_variations(hours, days, weeks, before_now=0.0, count=300):
    """Of series whose hours vary independently, with variance 1 in a window: what windows of the past tell of it.

    Of an hour's variance as much as *before_now* stays from the hour before.
    """
    draw, steps = np.random.default_rng([hours, days, weeks]), days * 24
    noise = draw.standard_normal((count, weeks + 1, steps + hours - 1 + 200))
    for hour in range(1, noise.shape[2] if before_now else 0):
        noise[..., hour] = before_now * noise[..., hour - 1] + sqrt(1 - before_now**2) * noise[..., hour]
    sums = np.cumsum(np.pad(noise[..., 200:], ((0, 0), (0, 0), (1, 0))), axis=2)
    values = (sums[..., hours:] - sums[..., :-hours])[..., :: max(1, hours // 6)]
    values /= values.std()
    ends = [START + dt.timedelta(hours=hour) for hour in range(0, steps, max(1, hours // 6))]
    windows = not_overlapping(ends, dt.timedelta(hours=hours))
    differences = values[:, -1] - np.median(values[:, :-1], axis=1)
    return [variation([Departure(float(d), 0.0, 1e-9, weeks) for d in each], windows) for each in differences]


def chance(found, threshold):
    """How often a departure without a change is beyond the *threshold*, which is given by the variation."""
    return np.mean([1 - NormalDist().cdf(threshold(each) * sqrt(each.variance)) for each in found])


@pytest.mark.parametrize(
    ("hours", "days", "weeks", "before_now"),
    [
        (1, 14, 4, 0.0),
        (1, 2, 2, 0.0),
        (6, 14, 4, 0.0),
        (6, 2, 2, 0.0),
        (24, 28, 4, 0.0),
        (24, 28, 2, 0.0),
        (24, 7, 2, 0.0),
        (48, 28, 4, 0.0),
        (6, 14, 4, 0.8),
        (24, 28, 4, 0.8),
    ],
)
@pytest.mark.parametrize("tail", [0.025, 0.0025, 0.0005])
def test_of_few_or_overlapping_windows_no_more_are_beyond_by_chance_than_is_said(hours, days, weeks, before_now, tail):
    found = found_variations(hours, days, weeks, before_now)
    assert chance(found, lambda each: t_quantile(1 - tail, each.degrees)) <= 1.15 * tail


def test_a_normal_tail_would_be_too_short_for_days_and_student_s_still_finds_large_departures():
    found, normal = found_variations(24, 28, 4), NormalDist().inv_cdf(1 - 0.0005)
    assert chance(found, lambda _: normal) > 1.5 * 0.0005
    # As one of a tenth is where the same days of different weeks differ by 1.1 %.
    assert np.mean([each.beyond(8 / sqrt(each.variance), 0.0005) for each in found]) > 0.95


def test_poisson_intervals_are_garwood_s():
    # F. Garwood (1936), table I, 95 %: as in every table of exact Poisson limits.
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(1) == pytest.approx((0.0253, 5.572), abs=1e-3)
    assert poisson_interval(10) == pytest.approx((4.795, 18.39), abs=1e-2)
    with pytest.raises(ValueError, match="-1 events"):
        poisson_interval(-1)
