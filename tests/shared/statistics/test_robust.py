"""Where a value stands among earlier ones: by hand, and how often an ordinary one is called unusual."""

import datetime as dt
import random
from math import pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.robust import place, same_weekdays


def test_the_place_by_hand():
    # Median 12, deviations 2 1 0 1 8: MAD 1, times 1.4826 * 1.206 for five values.
    found = place(20, [10, 11, 12, 13, 20])
    assert (found.median, found.n) == (12, 5)
    assert found.spread == pytest.approx(1.4826 * 1.206 * sqrt(1 + pi / 10))
    assert found.z == pytest.approx(8 / found.spread)


def test_one_odd_day_among_the_earlier_ones_hides_nothing():
    assert place(500, [100, 104, 98, 101, 5000, 99]).z > 10


def test_a_series_that_hardly_moves_makes_no_news_of_pennies():
    assert place(103, [100.0] * 8).z < 1
    assert place(200, [100.0] * 8).z > 10


def test_too_few_earlier_values_tell_nothing():
    assert place(1, [1, 2, 3]) is None


def test_nothing_ever_and_nothing_now_is_usual():
    assert place(0, [0.0] * 6).z == 0


def test_the_same_weekdays_are_those_that_are_known():
    day = dt.date(2026, 11, 19)
    values = {day - dt.timedelta(days=i): float(i) for i in range(1, 80) if i != 14}
    assert same_weekdays(values, day) == [56, 49, 42, 35, 28, 21, 7]


@given(st.floats(0, 1e6), st.lists(st.floats(0.01, 1e6), min_size=4, max_size=12), st.floats(0.01, 100))
def test_the_place_does_not_depend_on_the_currency(value, earlier, rate):
    here, there = place(value, earlier), place(value * rate, [each * rate for each in earlier])
    assert there.z == pytest.approx(here.z, rel=1e-6, abs=1e-6)


def test_an_ordinary_day_is_seldom_beyond_three():
    draw = random.Random(1974)
    days = [[draw.gauss(100, 15) for _ in range(9)] for _ in range(3000)]
    beyond = sum(abs(place(day[0], day[1:]).z) > 3 for day in days) / len(days)
    assert 0.005 < beyond < 0.05
