"""The exact interval of a share against published numbers and by counting."""

from math import comb

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.shared.statistics.exact_share import exact_share
from tasks.shared.statistics.intervals import wilson


@pytest.mark.parametrize(
    ("successes", "n", "interval"),
    [
        # Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 5.
        (81, 263, (0.2527, 0.3676)),
        (15, 148, (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1684)),
        (1, 29, (0.0009, 0.1776)),
    ],
)
def test_the_interval_is_the_published_one(successes, n, interval):
    assert exact_share(successes / n, n, 0.025) == pytest.approx(interval, abs=6e-5)


@pytest.mark.parametrize("n", [1, 10, 30, 60])
def test_a_rate_on_the_floor_is_never_called_less_more_often_than_said(n):
    """Counted, not drawn: the true share is 0.95. Wilson's bound does it too often."""

    def called_less(high):
        chances = (comb(n, k) * 0.95**k * 0.05 ** (n - k) for k in range(n + 1) if high(k) < 0.95)
        return sum(chances)

    assert called_less(lambda k: exact_share(k / n, n, 0.025)[1]) <= 0.025
    assert called_less(lambda k: wilson(k, n)[1]) > 0.025


@example(5e-324, 0.5, 0.25)
@given(st.floats(0, 1), st.floats(0.5, 500), st.floats(1e-6, 0.4))
def test_the_bounds_hold_the_share_and_mirror(share, n, tail):
    low, high = exact_share(share, n, tail)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    assert exact_share(1 - share, n, tail) == pytest.approx((1 - high, 1 - low), abs=1e-6)


def test_no_trials_are_refused():
    with pytest.raises(ValueError, match="of 0 trials"):
        exact_share(0.5, 0, 0.025)
