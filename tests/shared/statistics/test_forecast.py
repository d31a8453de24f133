"""The forecast of the days to come: known series, what it refuses, and how often its interval is right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.shared.statistics.forecast import forecast, refusal

WEEKDAYS = (100.0, 110.0, 120.0, 115.0, 90.0, 30.0, 20.0)


def weeks(count):
    return [WEEKDAYS[i % 7] for i in range(7 * count)]


def simulated(kind, days, rng):
    """Daily costs with a weekly rhythm, a noise of 15 %, and a level that stays, climbs, wanders, or both."""
    t = np.arange(days)
    level = {
        "stays": np.zeros(days),
        "climbs": t * rng.normal(0, 0.01),
        "wanders": np.cumsum(rng.normal(0, 0.02, days)),
        "both": t * rng.normal(0, 0.005) + np.cumsum(rng.normal(0, 0.02, days)),
    }[kind]
    rhythm = np.exp(rng.normal(0, 0.35, 7))[t % 7]
    return 100 * np.exp(level + rng.normal(0, 0.15, days)) * rhythm


def test_a_rhythm_without_noise_goes_on():
    ahead = forecast(weeks(5), 9)
    assert ahead.total() == pytest.approx((sum(WEEKDAYS) + 210,) * 3, rel=1e-6)
    assert ahead.running()[:2] == pytest.approx([100, 210], rel=1e-6)


def test_a_steady_climb_goes_on():
    middle, low, high = forecast([100 * 1.01**i for i in range(42)], 1).total()
    assert low <= middle <= high
    assert middle == pytest.approx(100 * 1.01**42, rel=1e-6)


def test_a_weekday_that_never_took_anything_takes_nothing():
    ahead = forecast([0.0 if i % 7 == 6 else 10.0 + i % 3 for i in range(42)], 7)
    assert ahead.paths[:, 6].max() == 0
    assert ahead.paths[:, 0].min() > 0


def test_days_that_took_nothing_do_not_break_it_and_no_day_takes_less_than_nothing():
    daily = [0.0 if i in {3, 20} else 10.0 + i % 5 for i in range(42)]
    ahead = forecast(daily, 7)
    assert ahead.paths.min() >= 0
    assert ahead.total()[0] == pytest.approx(np.mean(daily) * 7, rel=0.2)


def test_unknown_days_are_left_out_not_taken_for_zero():
    daily = [None if i in {5, 17} else value for i, value in enumerate(weeks(6))]
    assert forecast(daily, 7).total()[0] == pytest.approx(sum(WEEKDAYS), rel=1e-6)


def test_the_day_on_which_an_amount_is_reached():
    ahead = forecast(weeks(5), 14)
    assert ahead.reached(100 + 110 - 1) == (1, 1, 1)
    assert ahead.reached(1e6) == (None, None, None)


@pytest.mark.parametrize(
    ("daily", "why"),
    [
        ([1.0] * 27, "27 days are known, and at least 28 are needed"),
        ([None if i % 7 == 2 else 1.0 for i in range(42)], "one weekday is known 0 times only"),
        ([1.0] * 30 + [None] * 40, "16 days are known"),
    ],
)
def test_too_little_history_is_refused_with_the_reason(daily, why):
    assert why in refusal(daily)
    with pytest.raises(ValueError, match=why):
        forecast(daily, 5)


def test_less_than_nothing_is_refused():
    with pytest.raises(ValueError, match="less than nothing"):
        forecast([*weeks(5), -1.0], 5)


def test_the_same_days_give_the_same_forecast():
    daily = list(simulated("both", 42, np.random.default_rng(3)))
    assert forecast(daily, 12).total() == forecast(daily, 12).total()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=28, max_size=60),
    st.integers(1, 31),
)
def test_whatever_the_history_the_interval_is_ordered_and_finite(daily, days):
    if refusal(daily):
        return
    middle, low, high = forecast(daily, days, draws=200).total()
    assert 0 <= low <= middle <= high < float("inf")


@pytest.mark.parametrize("kind", ["stays", "climbs", "wanders", "both"])
def test_the_95_percent_interval_of_a_month_is_right_about_as_often(kind):
    months, covered = 250, 0
    for seed in range(months):
        rng = np.random.default_rng(seed)
        past, left = int(rng.integers(35, 57)), int(rng.integers(1, 31))
        daily = simulated(kind, past + left, rng)
        _, low, high = forecast(list(daily[:past]), left, draws=400, seed=seed).total()
        covered += low <= daily[past:].sum() <= high
    assert 0.92 <= covered / months <= 0.98
