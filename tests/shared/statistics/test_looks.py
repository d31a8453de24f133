"""Looking early: the published bounds, and the error that looks would make without them."""

from statistics import NormalDist

import numpy as np
import pytest

from tasks.shared.statistics.looks import fractions_of, nominal_tails, spent

NORMAL = NormalDist()


@pytest.mark.parametrize(
    ("looks", "bounds"),
    [
        # One-sided 0.025, equally spaced: the bounds of Lan and DeMets' program and of gsDesign's sfLDOF.
        (2, [2.9626, 1.9686]),
        (3, [3.7103, 2.5114, 1.9930]),
        (4, [4.3326, 2.9631, 2.3590, 2.0141]),
        (5, [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
    ],
)
def test_the_bounds_are_the_published_ones(looks, bounds):
    tails = nominal_tails(tuple(k / looks for k in range(1, looks + 1)), 0.025)
    assert [-NORMAL.inv_cdf(tail) for tail in tails] == pytest.approx(bounds, abs=2e-4)


def test_one_look_at_all_of_it_is_the_usual_test():
    assert nominal_tails((1.0,), 0.025) == pytest.approx((0.025,))


def test_the_bounds_so_far_do_not_depend_on_looks_to_come():
    assert nominal_tails((0.25, 0.5), 0.025) == pytest.approx(nominal_tails((0.25, 0.5, 1.0), 0.025)[:2])


def test_all_of_the_error_is_spent_at_last_and_hardly_any_early():
    assert spent(1.0, 0.025) == 0.025
    assert spent(0.25, 0.025) < 1e-4
    with pytest.raises(ValueError, match=r"fraction 0 and tail 0\.025"):
        spent(0, 0.025)


def test_looks_must_go_forward():
    with pytest.raises(ValueError, match="rising fractions"):
        nominal_tails((0.5, 0.5), 0.025)
    assert fractions_of((25, 50, 100), 100) == (0.25, 0.5, 1.0)


def test_four_looks_err_as_often_as_one_and_more_than_twice_as_often_without_these_bounds():
    sums = np.random.default_rng(5).standard_normal((40_000, 4)).cumsum(axis=1) / np.sqrt([1, 2, 3, 4])
    bounds = [-NORMAL.inv_cdf(tail) for tail in nominal_tails((0.25, 0.5, 0.75, 1.0), 0.025)]
    assert (sums > bounds).any(axis=1).mean() == pytest.approx(0.025, abs=0.003)
    assert (sums > 1.96).any(axis=1).mean() > 0.05
