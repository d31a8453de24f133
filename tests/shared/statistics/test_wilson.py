"""Wilson's interval against published numbers and by simulation."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.intervals import score_interval, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_numbers_of_newcombe_1998_table_1_method_3(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_exact_at_both_ends():
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_not_a_share(successes, n):
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(successes, n)


def test_the_size_of_a_score_interval_need_not_be_whole():
    below, between, above = (score_interval(0.3, n) for n in (50, 50.5, 51))
    assert below[0] < between[0] < above[0] < 0.3 < above[1] < between[1] < below[1]


@pytest.mark.parametrize(("share", "n"), [(0.5, 0.0), (1.2, 3.0), (-0.1, 3.0), (float("nan"), 3.0)])
def test_a_score_interval_refuses_what_is_not_a_share(share, n):
    with pytest.raises(ValueError, match="Give a share"):
        score_interval(share, n)


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(case):
    successes, n = case
    (low, high), mirror = wilson(successes, n), wilson(n - successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    assert low == pytest.approx(1 - mirror[1], abs=1e-12)


@pytest.mark.parametrize(("share", "n"), [(0.05, 400), (0.3, 60), (0.9, 150)])
def test_wilson_covers_the_truth_in_93_to_97_percent_of_samples(share, n):
    draw = random.Random(1927)
    runs = 3000
    covered = 0
    for _ in range(runs):
        low, high = wilson(sum(draw.random() < share for _ in range(n)), n)
        covered += low <= share <= high
    assert 0.93 <= covered / runs <= 0.97
