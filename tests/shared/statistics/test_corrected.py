"""Corrected rates against the published formula, their refusals, and their coverage."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.corrected import corrected
from tasks.shared.statistics.estimate import Estimate, share


def test_value_and_interval_are_those_of_the_papers_example():
    # The example of Lee et al.'s own package, its interval worked out with R's asht::prevSeSp.
    answer = corrected(share(400, 1000), share(180, 200), share(140, 200))
    assert answer.value == pytest.approx(1 / 6)
    assert (answer.low, answer.high) == pytest.approx((0.056351, 0.262733), abs=1e-6)
    assert answer.informativeness == pytest.approx(0.6)
    assert (answer.raw, answer.n, answer.n_positive, answer.n_negative) == (0.4, 1000, 200, 200)


def test_few_labels_widen_the_interval_as_the_published_formula_says():
    answer = corrected(share(468, 600), share(90, 100), share(24, 30))
    assert answer.value == pytest.approx(0.58 / 0.7)
    assert (answer.low, answer.high) == pytest.approx((0.733800, 0.925964), abs=1e-6)


@given(st.floats(0, 1), st.floats(0.65, 1), st.floats(0.65, 1))
def test_a_rate_without_sampling_error_is_turned_back_exactly(truth, tpr, tnr):
    exact = lambda value: Estimate(value, value, value, 0.0, 10**9, 10**9, 1e9)  # noqa: E731
    answer = corrected(exact(truth * tpr + (1 - truth) * (1 - tnr)), exact(tpr), exact(tnr))
    assert answer.value == pytest.approx(truth, abs=1e-9)
    assert answer.low == pytest.approx(truth, abs=1e-3)
    assert answer.high == pytest.approx(truth, abs=1e-3)


def test_a_raw_rate_somewhat_below_the_judges_false_passes_is_corrected_to_none_passing():
    answer = corrected(share(15, 100), share(90, 100), share(80, 100))
    assert (answer.value, answer.low) == (0.0, 0.0)
    assert 0 < answer.high < 0.2


@pytest.mark.parametrize(("passes", "rate"), [(5, "0.050"), (100, "1.000")])
def test_a_raw_rate_that_no_share_of_good_units_explains_is_refused(passes, rate):
    answer = corrected(share(passes, 100), share(160, 200), share(160, 200))
    assert answer.value is None
    assert answer.refusal == (
        f"a raw rate of {rate} does not go with TPR 0.800 and TNR 0.800: label units of this window."
    )


def test_a_judge_no_better_than_a_coin_gets_no_figure():
    answer = corrected(share(300, 600), share(55, 100), share(60, 100))
    assert (answer.value, answer.low, answer.high) == (None, None, None)
    assert answer.refusal == "judge not informative: TPR + TNR - 1 is 0.15, at least 0.2 is asked for."
    assert (answer.raw, answer.informativeness) == (0.5, pytest.approx(0.15))


def test_a_judge_that_may_be_a_coin_gets_no_figure_and_more_labels_help():
    few, many = (corrected(share(300, 600), share(7 * k, 10 * k), share(6 * k, 10 * k)) for k in (1, 10))
    assert few.refusal.startswith("judge not informative: TPR + TNR - 1 may be -0.")
    assert "10 positive and 10 negative labels" in few.refusal
    assert (many.refusal, many.value) == ("", pytest.approx(1 / 3))


@pytest.mark.parametrize(("tpr", "tnr", "kind"), [(None, share(5, 9), "positive"), (share(5, 9), None, "negative")])
def test_labels_of_one_kind_only_are_not_enough(tpr, tnr, kind):
    answer = corrected(share(300, 600), tpr, tnr)
    assert answer.value is None
    assert answer.refusal == f"no labelled {kind} unit. Label some of either kind."
    assert answer.n_positive + answer.n_negative == 9


def test_a_sampled_raw_rate_widens_the_interval():
    raw = share(480, 600)
    sampled = Estimate(raw.value, raw.low, raw.high, 0.03, 600, 600, 178.0)
    whole, part = (corrected(rate, share(90, 100), share(40, 50)) for rate in (raw, sampled))
    assert part.value == whole.value
    assert part.low < whole.low < whole.high < part.high


def test_a_share_of_shared_labels_is_a_share():
    with pytest.raises(ValueError, match="from 0 to 1"):
        corrected(share(1, 2), share(1, 2), share(1, 2), shared=50)


def coverage(runs, *, labels_are_judged, told):
    draw = random.Random(1978)
    covered = 0
    for _ in range(runs):
        labelled = [verdict(draw) for _ in range(150)]
        judged = [verdict(draw) for _ in range(450 if labels_are_judged else 600)]
        judged += labelled if labels_are_judged else []
        right = [passes for good, passes in labelled if good]
        wrong = [not passes for good, passes in labelled if not good]
        raw = share(sum(passes for _, passes in judged), 600)
        answer = corrected(raw, share(sum(right), len(right)), share(sum(wrong), len(wrong)), shared=told)
        covered += answer.low <= 0.85 <= answer.high
    return covered / runs


def verdict(draw):
    good = draw.random() < 0.85
    return good, draw.random() < (0.9 if good else 0.2)


def test_the_interval_covers_the_truth_in_93_to_97_percent_of_nights_with_labels_of_other_nights():
    assert 0.93 <= coverage(1500, labels_are_judged=False, told=0.0) <= 0.97


def test_the_interval_covers_the_truth_in_93_to_97_percent_of_nights_with_labels_of_the_same_night():
    assert 0.93 <= coverage(1500, labels_are_judged=True, told=1.0) <= 0.97


def test_labels_of_the_same_night_taken_for_independent_make_the_interval_too_wide():
    assert coverage(1500, labels_are_judged=True, told=0.0) > 0.975
