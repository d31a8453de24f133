"""The judge's table beside people, its rates, and what a choice by verdict does to them."""

import random

import pytest

from tasks.shared.statistics.confusion import Labelled, confusion, rates
from tasks.shared.statistics.intervals import wilson
from tasks.shared.statistics.kappa import cohen_kappa


def units(cells, probability=1.0):
    """*cells*: human label, judge label, how many."""
    pairs = [(human, judge) for human, judge, count in cells for _ in range(count)]
    return [Labelled(human, judge, str(i), probability) for i, (human, judge) in enumerate(pairs)]


TWO = units([("pass", "pass", 90), ("pass", "fail", 10), ("fail", "pass", 6), ("fail", "fail", 24)])


def test_rows_are_people_and_columns_the_judge():
    table = confusion(TWO, ["pass", "fail"])
    assert (table.labels, table.counts, table.n) == (("pass", "fail"), ((90, 10), (6, 24)), 130)
    assert table.kappa == cohen_kappa([[90, 10], [6, 24]])


def test_labels_that_were_not_named_come_after_those_that_were():
    table = confusion(units([("minor", "valid", 2), ("broken", "broken", 1)]), ["valid", "minor"])
    assert (table.labels, table.counts) == (("valid", "minor", "broken"), ((0, 0, 0), (2, 0, 0), (0, 0, 1)))


def test_no_units_make_an_empty_table():
    assert confusion([], ["pass", "fail"]).counts == ((0, 0), (0, 0))
    nothing = rates([], "pass")
    assert (nothing.tpr, nothing.tnr, nothing.prevalence, nothing.kappa, nothing.n) == (None, None, None, None, 0)


def test_rates_are_shares_of_what_people_said_with_wilsons_interval():
    judge = rates(TWO, "pass")
    assert (judge.tpr.value, judge.tnr.value) == pytest.approx((0.9, 0.8))
    assert judge.prevalence.value == pytest.approx(100 / 130)
    assert (judge.tpr.low, judge.tpr.high) == pytest.approx(wilson(90, 100))
    assert (judge.tnr.low, judge.tnr.high) == pytest.approx(wilson(24, 30))
    assert (judge.tpr.n, judge.tnr.n, judge.n) == (100, 30, 130)
    assert judge.kappa == cohen_kappa([[90, 10], [6, 24]])


def test_the_other_label_as_positive_swaps_the_rates():
    one, other = rates(TWO, "pass"), rates(TWO, "fail")
    assert (other.tpr, other.tnr) == (one.tnr, one.tpr)


def test_without_units_of_one_kind_only_the_other_rate_is_known():
    judge = rates(units([("pass", "pass", 4), ("pass", "fail", 1)]), "pass")
    assert judge.tpr.value == pytest.approx(0.8)
    assert judge.tnr is None


def test_units_chosen_by_the_judges_verdict_need_their_weights():
    # Everything the judge fails is labelled, a tenth of what it passes: unweighted, TPR would be 0.45.
    chosen = units([("pass", "pass", 90), ("fail", "pass", 5)], 0.1) + units(
        [("pass", "fail", 110), ("fail", "fail", 200)]
    )
    judge = rates(chosen, "pass")
    assert judge.tpr.value == pytest.approx(900 / 1010)
    assert judge.tnr.value == pytest.approx(200 / 250)
    assert judge.prevalence.value == pytest.approx(1010 / 1260)


def test_weighted_rates_cover_the_truth_in_93_to_97_percent_of_samples():
    draw = random.Random(1983)
    runs, covered = 400, 0
    for _ in range(runs):
        chosen = []
        for i in range(400):
            good = draw.random() < 0.8
            passes = draw.random() < (0.9 if good else 0.2)
            probability = 0.15 if passes else 0.6
            if draw.random() < probability:
                chosen.append(Labelled("pass" if good else "fail", "pass" if passes else "fail", str(i), probability))
        judge = rates(chosen, "pass")
        covered += judge.tpr.low <= 0.9 <= judge.tpr.high
    assert 0.93 <= covered / runs <= 0.97
