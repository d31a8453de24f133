"""Series linked over a change of judge, by hand and by simulation."""

import random
from math import hypot, sqrt

import pytest

from tasks.shared.statistics.chained import Link, Point, chained, link


def test_a_link_is_the_mean_difference_of_the_same_units():
    answer = link([0.8, 0.6, 0.9, 0.5], [0.7, 0.6, 0.6, 0.5])
    assert answer.shift == pytest.approx(0.1)
    assert answer.standard_error == pytest.approx(sqrt((0 + 0.01 + 0.04 + 0.01) / 3 / 4))
    assert answer.n == 4


def test_verdicts_get_one_disagreement_more_of_either_kind():
    # Bonett and Price: (3 + 1) / 22 and (1 + 1) / 22.
    old, new = [1.0] * 3 + [0.0] + [1.0] * 16, [0.0] * 3 + [1.0] + [1.0] * 16
    answer = link(old, new)
    assert answer.shift == pytest.approx(0.1)
    p, q = 4 / 22, 2 / 22
    assert answer.standard_error == pytest.approx(sqrt((p + q - (p - q) ** 2) / 22))


def test_a_few_units_that_agree_do_not_link_without_error():
    assert link([1.0, 0.0, 1.0], [1.0, 0.0, 1.0]) == Link(0, pytest.approx(sqrt(2 / 25)), 3)


def test_one_unit_is_no_link_and_unpaired_scores_are_refused():
    assert link([1.0], [0.0]) is None
    with pytest.raises(ValueError, match="zip"):
        link([1.0], [0.0, 1.0])


def test_later_points_carry_all_shifts_and_errors_before_them():
    series = [[Point(0.80, 0.02, 100)], [Point(0.70, 0.02, 100)], [Point(0.75, 0.03, 50), Point(0.7, 0.0, 9)]]
    first, second, third = chained(series, [Link(0.1, 0.01, 40), Link(-0.05, 0.02, 30)])
    assert (first[0].value, first[0].standard_error, first[0].shift) == (0.8, 0.02, 0)
    assert (second[0].value, second[0].standard_error) == pytest.approx((0.8, hypot(0.02, 0.01)))
    assert (third[0].value, third[0].standard_error) == pytest.approx((0.8, hypot(0.03, 0.01, 0.02)))
    assert (third[1].value, third[1].n) == (pytest.approx(0.75), 9)
    assert third[1].high - third[1].value == pytest.approx(1.959964 * hypot(0.01, 0.02))


def test_nothing_chained_is_nothing():
    assert chained([], []) == ()


def test_each_change_of_judge_needs_its_link():
    with pytest.raises(ValueError, match="2 series and 0 links"):
        chained([[], []], [])


@pytest.mark.parametrize("with_link_error", [True, False])
def test_the_chained_interval_covers_the_old_judges_rate_and_would_not_without_the_links_error(with_link_error):
    # The old judge passes 80 %; the new one fails one in eight of those and passes one in five of the others.
    draw = random.Random(2012)

    def verdicts(n):
        old = [draw.random() < 0.8 for _ in range(n)]
        new = [draw.random() < (0.875 if one else 0.2) for one in old]
        return [float(one) for one in old], [float(one) for one in new]

    runs, covered = 1000, 0
    for _ in range(runs):
        joint = link(*verdicts(100))
        rate = sum(verdicts(400)[1]) / 400
        joint = joint if with_link_error else Link(joint.shift, 0.0, 100)
        point = chained([[], [Point(rate, sqrt(rate * (1 - rate) / 400), 400)]], [joint])[1][0]
        covered += point.low <= 0.8 <= point.high
    assert (0.93 <= covered / runs <= 0.97) == with_link_error
