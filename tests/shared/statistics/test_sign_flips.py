"""The permutation test against Fisher's own count, and its size under no difference."""

import numpy as np
import pytest

from tasks.shared.statistics.matched import mcnemar
from tasks.shared.statistics.sign_flips import sign_flips

EACH = [str(i) for i in range(200)]


def test_darwins_plants_have_fishers_p_value():
    # Fisher (1935), section 21: 863 of 32,768 patterns on either side.
    darwin = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48.0])
    assert sign_flips(darwin, EACH[:15]) == pytest.approx(1726 / 32768)


def test_of_right_or_wrong_answers_it_is_mcnemars_test():
    values = np.array([1.0] * 2 + [-1.0] * 9 + [0.0] * 89)
    assert sign_flips(values, EACH[:100]) == pytest.approx(mcnemar(2, 9))


def test_many_patterns_are_sampled_alike_each_time_and_never_give_nought():
    values = np.full(60, -1.0)
    assert sign_flips(values, EACH[:60]) == sign_flips(values, EACH[:60]) == pytest.approx(1 / 10_001)


def test_a_cluster_flips_as_one():
    values, clusters = np.full(20, -1.0), np.repeat(EACH[:5], 4)
    assert sign_flips(values, clusters) == pytest.approx(2 / 2**5)


def test_clusters_that_sum_to_nothing_say_nothing():
    assert sign_flips(np.array([0.5, -0.5, 0.0]), ["a", "a", "b"]) == 1.0


def test_without_a_difference_small_p_values_are_as_rare_as_they_say():
    draw = np.random.default_rng(3)
    found = [sign_flips(draw.standard_normal(24), np.repeat(EACH[:12], 2)) for _ in range(300)]
    assert np.mean(np.array(found) <= 0.05) <= 0.085
