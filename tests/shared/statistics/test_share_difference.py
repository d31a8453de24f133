"""The difference of two shares."""

import pytest

from tasks.shared.statistics.share_difference import share_difference


@pytest.mark.parametrize(
    ("first", "before", "expected"),
    [
        # Newcombe (1998), Table II, method 10.
        ((56, 70), (48, 80), (0.2, 0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.6, 0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.5714, 0.0582, 0.8062)),
        ((5, 56), (0, 29), (0.0893, -0.0381, 0.1926)),
        ((10, 10), (0, 10), (1.0, 0.6075, 1.0)),
    ],
)
def test_the_interval_is_the_published_one(first, before, expected):
    assert share_difference(*first, *before) == pytest.approx(expected, abs=5e-5)


def test_the_other_way_round_is_the_same_with_the_other_sign():
    value, low, high = share_difference(3, 40, 9, 50)
    assert share_difference(9, 50, 3, 40) == pytest.approx((-value, -high, -low))
