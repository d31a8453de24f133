"""Student's interval and distribution against published numbers and by simulation."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.intervals import student
from tasks.shared.statistics.student import EXPANSION_FROM, t_quantile
from tests.shared.statistics.oracles import central_probability, mean_interval

# Extra hours of sleep, drug 2 minus drug 1: Student (1908); limits as printed by R's t.test(sleep) example.
SLEEP_HOURS = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]

# Two-sided 95 %, one-sided 97.5 %: Abramowitz and Stegun (1964), table 26.10.
T_975 = {
    1: 12.706,
    2: 4.303,
    3: 3.182,
    4: 2.776,
    5: 2.571,
    9: 2.262,
    10: 2.228,
    20: 2.086,
    30: 2.042,
    60: 2.000,
    120: 1.980,
}
T_995 = {1: 63.657, 2: 9.925, 3: 5.841, 10: 3.169, 30: 2.750, 120: 2.617}


def test_mean_interval_gives_students_own_sleep_data():
    assert mean_interval(SLEEP_HOURS) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)


@pytest.mark.parametrize("degrees", T_975)
def test_t_quantile_gives_the_published_table(degrees):
    assert t_quantile(0.975, degrees) == pytest.approx(T_975[degrees], abs=6e-4)


@pytest.mark.parametrize("degrees", T_995)
def test_t_quantile_gives_the_published_table_at_99_percent(degrees):
    assert t_quantile(0.995, degrees) == pytest.approx(T_995[degrees], abs=6e-4)


@given(st.floats(0.51, 0.9995), st.integers(1, 2000))
def test_t_quantile_is_the_inverse_of_the_exact_distribution(probability, degrees):
    tolerance = 1e-9 if degrees >= EXPANSION_FROM else 1e-12
    central = central_probability(t_quantile(probability, degrees), degrees)
    assert central == pytest.approx(2 * probability - 1, abs=tolerance)


@pytest.mark.parametrize(("probability", "degrees"), [(0.975, 0), (0.3, 5), (1.0, 5)])
def test_t_quantile_refuses_what_has_no_answer(probability, degrees):
    with pytest.raises(ValueError, match="no t quantile"):
        t_quantile(probability, degrees)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_fewer_than_two_values_have_no_interval(values):
    assert mean_interval(values) is None
    assert student(3.0, 1.0, len(values)) is None


def test_a_mean_computed_elsewhere_gets_the_same_interval():
    assert student(1.58, 0.38895872, 10) == pytest.approx(mean_interval(SLEEP_HOURS), abs=1e-6)


@pytest.mark.parametrize("n", [3, 8, 40])
def test_mean_interval_covers_the_truth_in_93_to_97_percent_of_samples(n):
    draw = random.Random(1908)
    runs = 3000
    covered = 0
    for _ in range(runs):
        low, high = mean_interval([draw.gauss(5, 2) for _ in range(n)])
        covered += low <= 5 <= high
    assert 0.93 <= covered / runs <= 0.97
