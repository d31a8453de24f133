"""The Hájek estimate by hand, against its simpler relatives, and by simulation."""

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.estimate import share
from tasks.shared.statistics.hajek import hajek
from tasks.shared.statistics.intervals import wilson
from tasks.shared.statistics.sampling import all_kept
from tests.shared.statistics.oracles import mean_interval


def ones(n):
    return [1.0] * n


def names(n):
    return [str(i) for i in range(n)]


def test_three_units_by_hand():
    # Weights 2, 4, 1; mean 3/7; z = 8/49, -12/49, 4/49.
    window = hajek([1, 0, 1], [0.5, 0.25, 1.0], names(3), target="window")
    assert window.value == pytest.approx(3 / 7)
    assert window.standard_error == pytest.approx(sqrt((64 * 0.5 + 144 * 0.75) / 2401))
    process = hajek([1, 0, 1], [0.5, 0.25, 1.0], names(3))
    assert process.standard_error == pytest.approx(sqrt((64 + 144 + 16) / 2401 * 3 / 2))
    assert (process.n, process.clusters) == (3, 3)


def test_units_of_one_trace_are_one_draw():
    # Weights 2, 4 and 1; z of the first trace 8/49 and -12/49, sampled together with probability 0.25.
    window = hajek([1, 0, 1], [0.5, 0.25, 1.0], ["t", "t", "u"], target="window")
    pairs = 0.5 * 64 + 0.75 * 144 + 2 * 0.5 * 8 * -12
    assert window.standard_error == pytest.approx(sqrt(pairs / 2401))
    process = hajek([1, 0, 1], [0.5, 0.25, 1.0], ["t", "t", "u"])
    assert process.standard_error == pytest.approx(sqrt((16 + 16) / 2401 * 2))
    assert (process.n, process.clusters) == (3, 2)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 1))
def test_equal_probabilities_give_wilsons_interval(case, probability):
    successes, n = case
    values = [1.0] * successes + [0.0] * (n - successes)
    estimate = hajek(values, [probability] * n, names(n))
    assert (estimate.low, estimate.high) == pytest.approx(wilson(successes, n), abs=1e-9)
    assert estimate.effective_n == pytest.approx(n)


def test_scores_with_equal_probabilities_get_students_interval():
    scores = [0.25, 0.5, 1.0, 0.75, 0.5, 0.25]
    estimate = hajek(scores, [0.1] * 6, names(6))
    assert (estimate.low, estimate.high) == pytest.approx(mean_interval(scores))


def test_another_scale_is_the_same_estimate_moved():
    there = hajek([1, 4, 5, 2], [0.5, 0.2, 1.0, 1.0], names(4), lowest=1, highest=5)
    here = hajek([0, 0.75, 1, 0.25], [0.5, 0.2, 1.0, 1.0], names(4))
    assert there.value == pytest.approx(1 + 4 * here.value)
    assert there.standard_error == pytest.approx(4 * here.standard_error)
    assert 1 <= there.low <= there.value <= there.high <= 5


def test_no_units_have_no_estimate():
    assert hajek([], [], []) is None
    assert share(0, 0) is None


def test_a_share_of_independent_units_is_wilsons():
    estimate = share(81, 263)
    assert (estimate.low, estimate.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (estimate.n, estimate.effective_n) == (263, 263)


def test_equal_values_get_wilsons_interval_with_kishs_size():
    # Weights 10, 10, 1, 1: Kish's size is 22 * 22 / 202.
    estimate = hajek(ones(4), [0.1, 0.1, 1.0, 1.0], names(4))
    assert estimate.effective_n == pytest.approx(484 / 202)
    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert estimate.low == pytest.approx(1 / (1 + 1.959964**2 / (484 / 202)), abs=1e-6)


def test_one_trace_tells_as_much_as_one_unit():
    estimate = hajek([1, 0, 1, 1], [0.5] * 4, ["t"] * 4)
    assert estimate.effective_n == pytest.approx(1)
    assert estimate.low < 0.2 < 0.95 < estimate.high


def test_a_window_judged_whole_is_known_exactly():
    estimate = hajek([1, 0, 1, 1], ones(4), names(4), target="window")
    assert (estimate.low, estimate.value, estimate.high) == (0.75, 0.75, 0.75)


@pytest.mark.parametrize(
    ("values", "probabilities", "traces", "message"),
    [
        ([1], [0.0], ["t"], "inclusion probability"),
        ([1], [1.5], ["t"], "inclusion probability"),
        ([2], [1.0], ["t"], "scale is 0.0 to 1.0"),
        ([1, 0], [1.0], ["t"], "2 values, 1 probabilities"),
    ],
)
def test_what_is_no_sample_is_refused(values, probabilities, traces, message):
    with pytest.raises(ValueError, match=message):
        hajek(values, probabilities, traces)


@st.composite
def samples(draw):
    n = draw(st.integers(1, 25))
    column = lambda values: st.lists(values, min_size=n, max_size=n)  # noqa: E731
    return draw(column(st.floats(0, 1))), draw(column(st.floats(0.01, 1))), draw(column(st.sampled_from("abcdefgh")))


@given(samples(), st.sampled_from(["process", "window"]))
def test_the_interval_holds_the_estimate_and_stays_on_the_scale(sample, target):
    estimate = hajek(*sample, target=target)
    assert 0 <= estimate.low <= estimate.value + 1e-9
    assert estimate.value - 1e-9 <= estimate.high <= 1
    assert estimate.effective_n > 0


def night(draw, n, share_of_passes, units_per_trace=2):
    """A night's verdicts with their traces and their probabilities, failures sampled five times as often."""
    passed = [float(draw.random() < share_of_passes) for _ in range(n)]
    return passed, [0.1 if one else 0.5 for one in passed], [f"t{i // units_per_trace}" for i in range(n)]


def sampled(night, salt, target):
    kept = all_kept(night[2], night[1], salt)
    columns = ([cell for cell, stays in zip(column, kept, strict=True) if stays] for column in night)
    return hajek(*columns, target=target)


def test_failures_oversampled_fivefold_leave_the_estimate_at_the_truth():
    population = night(random.Random(1952), 1500, 0.85)
    truth = sum(population[0]) / 1500
    estimates = [sampled(population, f"draw {i}", "window").value for i in range(200)]
    assert abs(sum(estimates) / 200 - truth) < 0.005


def test_without_weights_the_same_sample_would_be_far_off():
    population = night(random.Random(1952), 1500, 0.85)
    kept = all_kept(population[2], population[1], "draw 0")
    verdicts = [one for one, stays in zip(population[0], kept, strict=True) if stays]
    assert sum(verdicts) / len(verdicts) < 0.65


@pytest.mark.parametrize("target", ["process", "window"])
def test_the_interval_covers_the_truth_in_93_to_97_percent_of_nights(target):
    draw = random.Random(1971)
    runs = 700
    covered = 0
    for i in range(runs):
        one = night(draw, 600, 0.85)
        estimate = sampled(one, f"night {i}", target)
        truth = 0.85 if target == "process" else sum(one[0]) / 600
        covered += estimate.low <= truth <= estimate.high
    assert 0.93 <= covered / runs <= 0.97
