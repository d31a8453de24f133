"""Agreement of annotators against published worked examples, and the bootstrap's coverage."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.shared.statistics.agreement import Ambiguous, fleiss_kappa, krippendorff_alpha, most_ambiguous

# K. Krippendorff (2011), section C: four observers, twelve units, missing values.
OBSERVERS = ["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]
UNITS = [[int(v) for v in unit if v != "."] for unit in zip(*(row.split() for row in OBSERVERS), strict=True)]
# Ten units, 14 raters, five labels: the worked example of Fleiss' kappa in Wikipedia (0.210).
FOURTEEN = [
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]


@pytest.mark.parametrize(("scale", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_that_of_krippendorffs_worked_example(scale, alpha):
    answer = krippendorff_alpha(UNITS, scale)
    assert answer.value == pytest.approx(alpha, abs=5e-4)
    # The twelfth unit has one label: nothing to pair it with.
    assert (answer.n, answer.ratings) == (11, 40)
    assert answer.low < alpha < answer.high <= 1


def test_alpha_of_two_observers_is_that_of_krippendorffs_first_examples():
    # Sections A and B: binary data 0.095, nominal data 0.692.
    meg, owen = "0100000010", "1110010000"
    assert krippendorff_alpha([list(pair) for pair in zip(meg, owen, strict=True)]).value == pytest.approx(
        0.095, abs=5e-4
    )
    ben, gerry = "aabbdcccedda", "babbbccceddd"
    assert krippendorff_alpha([list(pair) for pair in zip(ben, gerry, strict=True)]).value == pytest.approx(
        0.692, abs=5e-4
    )


def test_kappa_is_that_of_the_worked_example_with_fourteen_raters():
    units = [[label for label, count in enumerate(row) for _ in range(count)] for row in FOURTEEN]
    answer = fleiss_kappa(units)
    assert answer.value == pytest.approx(0.210, abs=5e-4)
    assert (answer.n, answer.ratings) == (10, 140)


def test_the_same_seed_gives_the_same_interval():
    one, again, other = (krippendorff_alpha(UNITS, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert (one.low, one.high) != (other.low, other.high)


def test_the_order_of_an_ordinal_scale_can_be_given():
    units = [["low", "low"], ["high", "medium"], ["medium", "medium"], ["low", "medium"], ["high", "high"]]
    ranked = krippendorff_alpha(units, "ordinal", ("low", "medium", "high"))
    numbers = {"low": 1, "medium": 2, "high": 3}
    assert ranked == krippendorff_alpha([[numbers[label] for label in unit] for unit in units], "ordinal")
    assert ranked.value > krippendorff_alpha(units, "ordinal").value


@pytest.mark.parametrize("units", [[], [["a"], ["b"]], [["a", "b"]], [["a", "a"], ["a", "a"]]])
def test_without_two_comparable_units_or_any_difference_there_is_no_figure(units):
    assert krippendorff_alpha(units) is None


def test_full_agreement_on_few_units_is_no_certainty():
    answer = krippendorff_alpha([["a", "a"], ["b", "b"], ["a", "a"], ["b", "b"]])
    assert (answer.value, answer.high) == (1, 1)
    assert answer.low == pytest.approx(0.51, abs=0.005)


def test_one_label_only_has_no_kappa():
    assert fleiss_kappa([["a", "a"], ["a", "a"]]) is None


def test_kappa_refuses_units_with_different_numbers_of_labels():
    with pytest.raises(ValueError, match="use alpha instead"):
        fleiss_kappa([["a", "b"], ["a", "b", "c"]])


def test_labels_outside_the_scale_are_refused():
    with pytest.raises(ValueError, match="not in the order"):
        krippendorff_alpha([["a", "b"], ["a", "c"]], "ordinal", ("a", "b"))
    with pytest.raises(ValueError, match="no numbers"):
        krippendorff_alpha([["a", "b"], ["a", "c"]], "interval")


def test_the_most_ambiguous_units_come_first_and_agreed_ones_not_at_all():
    units = [[1, 1, 1], [1, 5, 1], [4], [2, 1, 2], [3, 3]]
    assert [unit.index for unit in most_ambiguous(units, "interval")] == [1, 3]
    assert [unit.index for unit in most_ambiguous(units, "interval", limit=1)] == [1]
    worst = most_ambiguous(UNITS)[0]
    assert worst == Ambiguous(5, pytest.approx(1.283, abs=5e-4), 4)
    assert most_ambiguous([["a"]]) == ()


labels = st.lists(st.lists(st.integers(1, 5), max_size=4), min_size=2, max_size=12)


@settings(deadline=None)
@given(labels, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_does_not_depend_on_the_order_of_units_or_annotators(units, scale):
    one = krippendorff_alpha(units, scale, resamples=1)
    other = krippendorff_alpha([unit[::-1] for unit in units[::-1]], scale, resamples=1)
    assert (one is None) == (other is None)
    if one:
        assert one.value == pytest.approx(other.value)
        assert one.value <= 1 + 1e-9


@settings(deadline=None)
@given(labels, st.floats(0.1, 50), st.floats(-1e3, 1e3))
def test_alpha_of_an_interval_scale_does_not_depend_on_its_unit(units, factor, shift):
    one = krippendorff_alpha(units, "interval", resamples=1)
    other = krippendorff_alpha([[factor * v + shift for v in unit] for unit in units], "interval", resamples=1)
    assert (one and one.value) == pytest.approx(other and other.value)


@pytest.mark.parametrize(("right", "alpha", "n"), [(0.9, 1 - 0.18 / 0.4488, 60), (0.97, 1 - 0.0582 / 0.429312, 60)])
def test_the_interval_covers_the_true_alpha_about_as_often_as_it_says(right, alpha, n):
    # Three annotators, each right with the same probability about units of which 70 % are good. In 1,000 runs 94
    # and 95 %; 300 runs tell it to 1.3 points.
    draw = random.Random(2016)
    runs, covered = 300, 0
    for _ in range(runs):
        units = [
            [(draw.random() < right) == good for _ in range(3)] for good in (draw.random() < 0.7 for _ in range(n))
        ]
        answer = krippendorff_alpha(units, resamples=150)
        covered += answer.low <= alpha <= answer.high
    assert 0.92 <= covered / runs <= 0.98
