"""PPI++ against its published form, at its two ends, and by simulation."""

import random
from statistics import fmean, variance

import pytest

from tasks.shared.statistics.hajek import hajek
from tasks.shared.statistics.intervals import wilson
from tasks.shared.statistics.prediction_powered import Judged, prediction_powered
from tests.shared.statistics.oracles import mean_interval

LABELLED = [(0.9, 1.0), (0.8, 0.7), (0.2, 0.4), (0.6, 0.5), (0.4, 0.1)]
UNLABELLED = [0.7, 0.3, 0.9, 0.8, 0.6, 0.5, 0.9, 0.2, 0.7, 0.8]


def units(labelled, unlabelled):
    p = len(labelled) / (len(labelled) + len(unlabelled))
    pairs = [*labelled, *((judge, None) for judge in unlabelled)]
    return [Judged(judge, str(i), human, p) for i, (judge, human) in enumerate(pairs)]


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_with_equal_probabilities_the_value_is_the_published_ppi_mean(power):
    answer = prediction_powered(units(LABELLED, UNLABELLED), power=power)
    judge, human = ([pair[i] for pair in LABELLED] for i in (0, 1))
    published = power * 10 / 15
    assert answer.estimate.value == pytest.approx(fmean(human) + published * (fmean(UNLABELLED) - fmean(judge)))
    assert (answer.labelled, answer.n, answer.estimate.n) == (5, 15, 5)


def test_with_many_units_the_tuned_power_and_the_error_are_the_published_ones():
    draw = random.Random(2023)
    labelled = [(judge := draw.random(), 0.3 + 0.4 * judge + draw.gauss(0, 0.1)) for _ in range(400)]
    unlabelled = [draw.random() for _ in range(1600)]
    answer = prediction_powered(units(labelled, unlabelled))
    judge, human = ([pair[i] for pair in labelled] for i in (0, 1))
    covariance = sum((f - fmean(judge)) * (y - fmean(human)) for f, y in labelled) / 399
    published = covariance / (variance(judge + unlabelled) * (1 + 400 / 1600))
    assert answer.power * 0.8 == pytest.approx(published, abs=0.015)
    errors = [y - published * f for f, y in labelled]
    squared = variance(errors) / 400 + published**2 * variance(unlabelled) / 1600
    assert answer.estimate.standard_error == pytest.approx(squared**0.5, rel=0.02)


def test_without_power_it_is_the_mean_of_the_labels_alone():
    answer = prediction_powered(units(LABELLED, UNLABELLED), power=0.0).estimate
    assert (answer.low, answer.high) == pytest.approx(mean_interval([human for _, human in LABELLED]))
    yes_no = prediction_powered(units([(0.5, 1.0), (0.5, 0.0), (0.5, 1.0)], UNLABELLED), power=0.0).estimate
    assert (yes_no.low, yes_no.high) == pytest.approx(wilson(2, 3))


def test_a_judge_that_says_the_same_of_everything_gets_no_power():
    answer = prediction_powered(units([(1.0, 1.0), (1.0, 0.0), (1.0, 1.0)], [1.0] * 30))
    assert answer.power == 0
    assert answer.estimate.value == pytest.approx(2 / 3)


def test_a_judge_that_is_opposed_to_people_gets_no_power():
    assert prediction_powered(units([(1.0, 0.0), (0.0, 1.0), (1.0, 0.0), (0.0, 1.0)], [1.0] * 30)).power == 0


def test_known_probabilities_weigh_the_labels_as_hajek_does():
    labels = [(1.0, 0.5), (0.0, 1.0), (1.0, 0.25), (1.0, 1.0)]
    sample = [Judged(1.0, str(i), human, p) for i, (human, p) in enumerate(labels)]
    answer = prediction_powered(sample, power=0.0).estimate
    alone = hajek([human for human, _ in labels], [p for _, p in labels], [str(i) for i in range(4)])
    assert (answer.value, answer.low, answer.high) == pytest.approx((alone.value, alone.low, alone.high))


def test_few_labels_without_a_disagreement_do_not_make_the_judge_a_person():
    perfect = units([(1.0, 1.0)] * 8 + [(0.0, 0.0)] * 2, [1.0] * 160 + [0.0] * 40)
    answer = prediction_powered(perfect)
    assert answer.power == pytest.approx(1)
    assert answer.estimate.high - answer.estimate.low > 0.3


@pytest.mark.parametrize("labels", [[], [(0.5, 1.0)]])
def test_below_two_labels_there_is_no_estimate(labels):
    assert prediction_powered([*units(labels, [0.2])]) is None if labels else prediction_powered([]) is None


def test_scores_of_one_trace_only_have_no_estimate():
    assert prediction_powered([Judged(0.5, "t", 0.4), Judged(0.5, "t", 0.6), Judged(0.5, "u")]) is None


def test_a_probability_of_zero_is_refused():
    with pytest.raises(ValueError, match="probability"):
        prediction_powered([Judged(1.0, "t", 1.0, 0.0)])


def night(draw, labels, by_verdict):
    sample = []
    for i in range(240):
        good = draw.random() < 0.85
        passes = draw.random() < (0.9 if good else 0.2)
        p = labels / 240 * (1 if not by_verdict else 0.6 if passes else 2.5)
        sample.append(Judged(float(passes), str(i), float(good) if draw.random() < p else None, p))
    return sample


@pytest.mark.parametrize(("labels", "by_verdict"), [(60, False), (30, False), (60, True)])
def test_the_interval_covers_the_truth_in_93_to_97_percent_of_nights(labels, by_verdict):
    draw = random.Random(2311)
    answers = [prediction_powered(night(draw, labels, by_verdict)) for _ in range(600)]
    assert 0.93 <= fmean(a.estimate.low <= 0.85 <= a.estimate.high for a in answers) <= 0.97
    assert abs(fmean(a.estimate.value for a in answers) - 0.85) < 0.01


def test_the_judge_makes_the_interval_narrower_than_the_labels_alone():
    draw = random.Random(2025)
    for _ in range(5):
        sample = night(draw, 60, by_verdict=False)
        with_judge, alone = prediction_powered(sample), prediction_powered(sample, power=0.0)
        assert with_judge.estimate.standard_error < alone.estimate.standard_error
