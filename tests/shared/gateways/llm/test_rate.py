"""Starts per second follow what a provider takes."""

from math import inf

import pytest

from tasks.shared.gateways.llm.rate import LEAST_PER_SECOND, Rate


def through(rate, seconds, cap, wanted):
    """Put *wanted* starts per second, as far as the rate allows, to a provider that takes *cap*; taken and refused."""
    taken = refused = 0
    now = clock = 1000.0
    while now < clock + seconds:
        second, here = int(now), 0
        while int(now) == second:
            if here < cap:
                rate.answered(now)
                taken, here = taken + 1, here + 1
            else:
                rate.refused(now)
                refused += 1
            now += max(rate.interval, 1 / wanted)
    return taken, refused


def test_there_is_no_limit_before_a_call_is_turned_away():
    rate = Rate()
    for second in range(100):
        rate.answered(second / 10)
    assert (rate.per_second, rate.interval) == (inf, 0.0)


@pytest.mark.parametrize("cap", [3, 20, 200])
def test_it_settles_at_what_the_provider_takes(cap):
    rate = Rate()
    through(rate, 5, cap, wanted=1000)
    taken, refused = through(rate, 30, cap, wanted=1000)
    assert taken >= 0.85 * cap * 30
    assert refused <= 0.1 * taken + 30, "a tenth too many, or one a second"
    assert 0.8 * cap <= rate.per_second <= 1.4 * cap


def test_a_limit_that_was_too_low_is_forgotten_within_seconds():
    rate = Rate()
    through(rate, 5, 2, wanted=100)
    assert rate.per_second < 3
    through(rate, 15, 10_000, wanted=100)
    assert rate.per_second > 100


def test_calls_turned_away_here_and_there_hardly_slow_the_others():
    rate = Rate()
    for call in range(20_000):
        (rate.refused if call % 10 == 0 else rate.answered)(call / 400)
    assert rate.per_second > 200


def test_it_stays_below_the_setting_and_above_nothing():
    rate = Rate(5)
    assert rate.per_second == 5
    for tenth in range(100):
        rate.answered(tenth / 10)
    assert rate.per_second == 5
    for tenth in range(100, 400):
        rate.refused(tenth / 10)
    assert rate.per_second == pytest.approx(LEAST_PER_SECOND * 1.1)


def test_a_pause_says_nothing_of_the_rate():
    rate = Rate()
    rate.answered(0.0)
    rate.refused(0.1)
    rate.answered(60.0)
    assert rate.per_second == inf
