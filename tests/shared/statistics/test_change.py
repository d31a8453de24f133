"""Changes between two samples: published numbers, and how often their intervals hold the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.change import Bounded, difference, relative, total_of_arrivals
from tasks.shared.statistics.intervals import wilson
from tasks.shared.statistics.order_statistics import quantile_ranks


def share(successes, n):
    return Bounded(successes / n, *wilson(successes, n))


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_difference_of_shares_is_that_of_newcombe_s_table_ii(now, before, low, high):
    found = difference(share(*now), share(*before))
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_the_total_of_arrivals_of_one_size_has_the_exact_interval_of_a_poisson_count():
    """Ten events: 4.795 to 18.390 (Garwood, 1936)."""
    found = total_of_arrivals(10, 10, 1)
    assert (found.low, found.high) == (pytest.approx(4.795, abs=1e-3), pytest.approx(18.390, abs=1e-3))
    tenfold = total_of_arrivals(100, 1000, 10)
    assert (tenfold.low, tenfold.high) == (pytest.approx(47.95, abs=1e-2), pytest.approx(183.90, abs=1e-2))
    assert total_of_arrivals(0, 0, 0) is None


def test_a_ratio_needs_figures_above_0():
    assert relative(Bounded(3, 2, 4), Bounded(0, 0, 1)) is None
    assert relative(Bounded(3, 0, 4), Bounded(1, 0.5, 2)) is None
    found = relative(Bounded(3, 2, 4), Bounded(2, 1, 3))
    assert (found.value, found.low < 0 < found.high) == (pytest.approx(0.5), True)


@given(st.integers(0, 50), st.integers(0, 50))
def test_what_is_exchanged_moves_the_other_way(first, second):
    there, back = difference(share(first, 50), share(second, 50)), difference(share(second, 50), share(first, 50))
    assert there.value == -back.value
    assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))
    assert there.low <= there.value <= there.high


def covered(pairs, truth):
    """The share of the intervals that hold *truth*."""
    found = [it.low <= truth <= it.high for it in pairs if it is not None]
    return sum(found) / len(found)


def test_nineteen_of_twenty_intervals_hold_the_true_change_of_a_share():
    draw = np.random.default_rng(7)
    pairs = [
        difference(share(int(a), 120), share(int(b), 60))
        for a, b in zip(draw.binomial(120, 0.06, 2000), draw.binomial(60, 0.1, 2000), strict=True)
    ]
    assert 0.94 <= covered(pairs, -0.04) <= 0.98


def test_nineteen_of_twenty_intervals_hold_the_true_change_of_a_p95():
    draw = np.random.default_rng(8)
    ranks = quantile_ranks(400, 0.95, 0.95)

    def p95(scale):
        values = np.sort(draw.lognormal(0, 1, 400)) * scale
        return Bounded(float(values[379]), float(values[ranks[0] - 1]), float(values[ranks[1] - 1]))

    assert 0.935 <= covered([relative(p95(1.2), p95(1.0)) for _ in range(1500)], 0.2) <= 0.98


def test_nineteen_of_twenty_intervals_hold_the_true_change_of_traffic_that_comes_in_sessions():
    draw = np.random.default_rng(9)

    def day(rate):
        sizes = draw.geometric(0.2, draw.poisson(rate)).astype(float)
        return total_of_arrivals(float(sizes.sum()), float(sizes @ sizes), float(sizes.max()))

    assert 0.94 <= covered([relative(day(90), day(60)) for _ in range(1500)], 0.5) <= 0.98


def test_intervals_that_took_spans_of_a_session_for_independent_would_miss():
    """Why traffic is counted in sessions: by spans, three of ten true changes would be outside."""
    draw = np.random.default_rng(10)

    def day():
        total = float(draw.geometric(0.2, draw.poisson(60)).sum())
        return total_of_arrivals(total, total, 1.0)

    assert covered([relative(day(), day()) for _ in range(500)], 0.0) < 0.75
