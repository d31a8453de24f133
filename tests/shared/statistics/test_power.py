"""What a number of examples can tell, against published sample sizes."""

import pytest

from tasks.shared.statistics.power import binary_deviation, design_effect, detectable, graded_deviation, needed


def test_half_a_deviation_takes_34_pairs_as_in_the_tables_of_the_t_test():
    # Cohen (1988), table 2.4.1, two-sided 5 %, power 80 %, for pairs: 34.
    plain = graded_deviation(1.0)
    assert detectable(plain, 34, 33, 0.025, power=0.8) <= 0.5 < detectable(plain, 33, 32, 0.025, power=0.8)


def test_the_number_that_decides_is_that_of_the_tables_of_the_t_test():
    # Cohen (1988) as above; the normal formula says 32.
    assert needed(1.0, 0.5, 0.025, power=0.8) == pytest.approx(34, abs=1)
    assert needed(1.0, -0.5, 0.025, effect=2.0, power=0.8) == pytest.approx(68, abs=2)
    assert needed(1.0, 0.0, 0.025) is None
    assert needed(float("nan"), 0.5, 0.025) is None


def test_right_or_wrong_answers_take_connors_number_of_pairs():
    # Connor (1987): (1.96 sqrt(0.3) + 0.8416 sqrt(0.3 - 0.1^2))^2 / 0.1^2 = 233; one variance for both gives 226.
    assert needed(binary_deviation(0.2)(0.1), 0.1, 0.025, power=0.8) == pytest.approx(233, abs=8)


def test_the_number_that_decides_is_the_one_at_which_the_plan_can_tell_the_difference():
    for distance in (0.1, 0.3, 0.6):
        count = needed(1.0, distance, 0.01)
        told = [detectable(graded_deviation(1.0), n, n - 1, 0.01) for n in (count + 1, count - 1)]
        assert told[0] <= distance * 1.01
        assert told[1] >= distance * 0.99


def test_the_variance_counts_what_changes_both_ways_and_the_net_difference():
    assert binary_deviation(0.1)(-0.2) ** 2 == pytest.approx(0.3 - 0.04)
    assert binary_deviation(0.9)(0.5) ** 2 == pytest.approx(1 - 0.25)
    assert graded_deviation(0.2)(-0.7) == 0.2


def test_more_examples_tell_smaller_differences_and_clusters_larger_ones():
    told = [detectable(binary_deviation(0.1), n, n - 1, 0.025, at=-0.05) for n in (20, 50, 100, 500)]
    assert told == sorted(told, reverse=True)
    assert detectable(binary_deviation(0.1), 50, 49, 0.025) > detectable(binary_deviation(0.1), 100, 99, 0.025)
    with pytest.raises(ValueError, match="0 examples"):
        detectable(binary_deviation(0.1), 0, 1, 0.025)


def test_the_design_effect_is_kishs():
    assert design_effect([5] * 20, 0.3) == pytest.approx(2.2)
    assert design_effect([1] * 20, 0.3) == 1.0
    assert design_effect([9, 1], 0.5) == pytest.approx(1 + 7.2 * 0.5)
