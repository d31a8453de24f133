"""Every group of a judge's metrics, on days written by hand."""

from dataclasses import replace

import pytest

from tasks.shared.statistics.drift import AnchorRun
from tasks.shared.statistics.intervals import wilson
from tasks.tracking.human_labels import Vote
from tasks.tracking.judge_day import JudgedUnit, Overlap
from tasks.tracking.judge_summary import all_judge_summaries
from tasks.tracking.known_judges import KnownJudge
from tasks.tracking.pairs import Labels, Pair
from tests.tracking.judged_days import SQL, STARS, TODAY, day_of, of, pairs, units

# 40 units that people pass, of which the judge passes 36; 20 that they fail, of which it passes 2.
GOOD_JUDGE = pairs("+" * 36 + "-" * 4 + "+" * 2 + "-" * 18, "+" * 40 + "-" * 20)
COIN = pairs("+-" * 30, "+" * 30 + "-" * 30)


@pytest.mark.parametrize("group", sorted(all_judge_summaries()))
def test_a_judge_that_nobody_labelled_and_that_scored_nothing_has_no_figures(group):
    assert {name: metric.value for name, metric in of(day_of(), group).items()} in ({}, {"judge_labels/sql": 0})


def test_the_judge_beside_people():
    found = of(day_of(*GOOD_JUDGE, *pairs("++", "==")), "calibration")
    tpr, tnr = found["judge_tpr/sql"], found["judge_tnr/sql"]
    assert (tpr.value, tpr.n, tnr.value, tnr.n) == (0.9, 40, 0.9, 20)
    assert (tpr.low, tpr.high) == pytest.approx(wilson(36, 40), abs=1e-9)
    assert found["judge_prevalence/sql"].value == pytest.approx(40 / 60)
    # Agreement 54/60, by chance (40 * 38 + 20 * 22) / 3600.
    assert found["judge_kappa/sql"].value == pytest.approx((0.9 - 1960 / 3600) / (1 - 1960 / 3600))
    assert (found["judge_labels/sql"].value, found["judge_labels/sql"].coverage) == (60, pytest.approx(60 / 62))
    assert found["judge_labels/sql{status=tied}"].value == 2


def test_labels_that_nobody_can_read_are_counted():
    day = replace(day_of(), labels=Labels(GOOD_JUDGE, unreadable=3))
    assert of(day, "calibration")["judge_labels/sql{status=unreadable}"].value == 3


def test_the_corrected_rate_takes_the_judges_errors_out():
    day = day_of(*GOOD_JUDGE, units=units(*[1.0] * 60, *[0.0] * 40), statuses={"scored": 100})
    found = of(day, "true_pass_rate")
    metric = found["pass_rate_corrected/sql"]
    assert metric.value == pytest.approx((0.6 + 0.9 - 1) / 0.8)
    assert metric.low < 0.6
    assert metric.high > 0.65
    assert (metric.n, metric.coverage, metric.worst) == (100, 1.0, None)
    assert found["judge_informative/sql"].value == 1


def test_the_corrected_rate_has_bounds_for_what_is_missing():
    statuses, weights = {"scored": 100, "errored": 25, "sampled_out": 50}, {"scored": 100.0, "errored": 25.0}
    day = day_of(*GOOD_JUDGE, units=units(*[1.0] * 60, *[0.0] * 40), statuses=statuses, weights=weights)
    metric = of(day, "true_pass_rate")["pass_rate_corrected/sql"]
    assert (metric.worst, metric.best) == (pytest.approx(0.625 * 0.8), pytest.approx(0.625 * 0.8 + 0.2))
    assert metric.coverage == pytest.approx(100 / 175)


def test_a_judge_like_a_coin_gets_no_corrected_rate():
    found = of(day_of(*COIN, units=units(1.0, 0.0, 1.0)), "true_pass_rate")
    assert {name: metric.value for name, metric in found.items()} == {"judge_informative/sql": 0}


def labelled_today(**draw):
    """40 of 100 judged units labelled today: the judge passes 28 of the 40 (and 70 of the 100), people 24 of those."""
    judged = ("+" * 7 + "-" * 3) * 10
    todays = pairs(judged[:40], judged[:40].replace("+", "-", 4), 0, **draw)
    units_of_today = [JudgedUnit(p.unit_id, p.trace, float(p.passes), 1.0) for p in todays]
    others = units(*(float(c == "+") for c in judged[40:]))
    return day_of(*todays, units=(*units_of_today, *others), statuses={"scored": 100})


def test_labels_drawn_at_random_today_sharpen_the_days_rate():
    found = of(labelled_today(random=True), "true_pass_rate")["pass_rate_ppi/sql"]
    # The judge passes as many of the labelled as of all, so there is nothing to move people's own rate by.
    assert found.value == pytest.approx(0.6)
    assert (found.n, found.coverage) == (40, 1.0)
    alone = wilson(24, 40)
    assert alone[0] < found.low < found.value < found.high < alone[1]


def test_labels_that_somebody_chose_do_not():
    assert "pass_rate_ppi/sql" not in of(labelled_today(), "true_pass_rate")


def test_a_handful_of_labels_of_the_day_do_not_either():
    day = labelled_today(random=True)
    few = replace(day, labels=Labels(day.labels.pairs[:19]))
    assert "pass_rate_ppi/sql" not in of(few, "true_pass_rate")


def votes_of(*rows):
    """Pairs with a vote per annotator: `("valid", "wrong")` are ada's and bob's."""
    one = pairs("+", "+")[0]
    scores = SQL.choices
    votes = ([Vote(scores[label] >= 0.5, label) for label in row] for row in rows)
    return tuple(
        replace(one, unit_id=str(i), votes=dict(zip(("ada", "bob", "cyd"), row, strict=False)))
        for i, row in enumerate(votes)
    )


def test_agreement_of_two_annotators_on_an_ordinal_scale():
    rows = [("valid", "valid")] * 6 + [("minor", "wrong"), ("wrong", "wrong"), ("valid", "minor"), ("wrong", "wrong")]
    found = of(day_of(*votes_of(*rows)), "annotators")
    alpha = found["annotator_agreement/sql"]
    assert (alpha.n, alpha.unit) == (10, "alpha_ordinal")
    assert 0.5 < alpha.value < 1
    # Linear credit: 8 full and 2 half of 10; by chance, from the margins 2, 1, 7 and 3, 1, 6.
    expected = (2 * 3 + 1 * 1 + 7 * 6 + 0.5 * (2 * 1 + 1 * 3 + 1 * 6 + 7 * 1)) / 100
    assert found["annotator_agreement/sql{coefficient=cohen}"].value == pytest.approx((0.9 - expected) / (1 - expected))
    assert "annotator_agreement/sql{coefficient=fleiss}" not in found


def test_agreement_of_three_annotators_has_fleiss_kappa():
    rows = [("valid", "valid", "valid")] * 3 + [("wrong", "wrong", "minor"), ("minor", "minor", "minor")]
    found = of(day_of(*votes_of(*rows)), "annotators")
    assert set(found) == {"annotator_agreement/sql", "annotator_agreement/sql{coefficient=fleiss}"}


def test_agreement_is_on_passing_where_a_score_names_no_choice():
    rows = votes_of(("valid", "valid"), ("wrong", "wrong"), ("valid", "wrong"))
    odd = replace(rows[0], unit_id="odd", votes={"ada": Vote(True, None), "bob": Vote(True, "minor")})
    assert of(day_of(*rows, odd), "annotators")["annotator_agreement/sql"].unit == "alpha_nominal"


def test_longer_answers_that_score_higher_are_noticed():
    judged = tuple(JudgedUnit(str(i), str(i), i / 10, 1.0, 100 * i + (7 * i) % 5) for i in range(10))
    silent = JudgedUnit("x", "x", 0.5, 1.0)
    found = of(day_of(units=(*judged, silent), judge=STARS), "bias")["length_correlation/stars"]
    assert (found.value, found.n, found.coverage) == (1.0, 10, pytest.approx(10 / 11))
    assert 0.5 < found.low < 1


def test_verdicts_that_change_with_the_order_are_a_share_of_those_asked_both_ways():
    pairwise = replace(SQL, swaps=True)
    day = day_of(judge=pairwise, statuses={"scored": 6, "unparseable": 3}, order_decided=2)
    found = of(day, "bias")["position_disagreement/sql"]
    assert (found.value, found.n) == (0.25, 8)
    assert "position_disagreement/sql" not in of(replace(day, judge=SQL), "bias")


def test_a_judge_that_agrees_less_and_less_raises_an_alarm():
    usual = [pair for ago in range(4, 14) for pair in pairs("+" * 20, "+" * 18 + "--", ago)]
    steady = of(day_of(*usual, *pairs("+" * 20, "+" * 18 + "--", 0)), "drift")
    assert steady["judge_agreement/sql"].value == 0.9
    assert 0 <= steady["judge_drift/sql"].value < 1
    assert "judge_drift_days/sql" not in steady
    fallen = [pair for ago in range(4) for pair in pairs("+" * 20, "+" * 8 + "-" * 12, ago)]
    found = of(day_of(*usual, *fallen), "drift")
    assert found["judge_agreement/sql"].value == 0.4
    assert found["judge_drift/sql"].value > 1
    assert found["judge_drift_days/sql"].value == 4


def test_what_a_queue_chooses_is_not_taken_for_drift():
    """From four days ago on, failures are labelled ten times as often as the rest; of those people call half good."""
    usual = [p for ago in range(4, 14) for p in (*pairs("+" * 18, "+" * 18, ago), *pairs("--", "+-", ago))]
    chosen = [
        pair
        for ago in range(4)
        for pair in (
            *pairs("+" * 18, "+" * 18, ago, label_probability=0.1),
            *pairs("-" * 20, "+-" * 10, ago, label_probability=1.0),
        )
    ]
    found = of(day_of(*usual, *chosen), "drift")
    assert found["judge_agreement/sql"].value == pytest.approx(190 / 200)
    assert found["judge_drift/sql"].value < 0.5


def test_a_judge_that_people_hardly_ever_agree_with_has_no_chart():
    labels = [pair for ago in range(9) for pair in pairs("+" * 20, "+" * 8 + "-" * 12, ago)]
    assert set(of(day_of(*labels), "drift")) == {"judge_agreement/sql"}


def test_without_enough_labels_there_is_no_chart():
    assert set(of(day_of(*pairs("+" * 40, "+" * 40, 1), *pairs("+", "+", 0)), "drift")) == {"judge_agreement/sql"}


def test_a_new_version_is_moved_to_the_scale_of_the_old_one():
    old, new = [0.5] * 10 + [1.0] * 20, [0.0] * 10 + [1.0] * 10 + [0.5] * 10
    day = day_of(units=units(*[0.0] * 5, *[1.0] * 5), statuses={"scored": 10}, overlaps=(Overlap(old, new),))
    found = of(day, "versions")["score_chained/sql"]
    assert found.value == pytest.approx(0.5 + 1 / 3)
    assert found.high - found.low > 0.5
    assert (found.worst, found.best) == (None, None)
    missing = of(replace(day, weights={"scored": 10.0, "errored": 10.0}), "versions")["score_chained/sql"]
    assert (missing.worst, missing.best) == (pytest.approx(0.25 + 1 / 3), pytest.approx(0.75 + 1 / 3))
    assert of(replace(day, overlaps=()), "versions") == {}
    only_labels = KnownJudge("sql", "1", "span", {"a": None, "b": None})
    assert of(replace(day, judge=only_labels), "versions") == {}


def test_a_judge_that_answers_its_anchors_otherwise_than_at_first_raises_an_alarm():
    steady = day_of(anchors=(AnchorRun(20, 20),) * 6)
    assert of(steady, "anchors")["anchor_agreement/sql"].value == 1.0
    assert of(steady, "anchors")["anchor_drift/sql"].value == 0.0
    changed = of(replace(steady, anchors=(*steady.anchors, AnchorRun(20, 15), AnchorRun(20, 15))), "anchors")
    assert changed["anchor_agreement/sql"].value == 0.75
    assert changed["anchor_drift/sql"].value >= 1
    assert of(day_of(anchors=(AnchorRun(20, 19),)), "anchors").keys() == {"anchor_agreement/sql"}
    assert of(day_of(), "anchors") == {}
    erratic = of(day_of(anchors=(AnchorRun(20, 8),) * 6), "anchors")
    assert "anchor_drift/sql" not in erratic, "a judge that hardly agrees with itself has no chart"


def test_the_confusion_table_counts_what_people_and_judge_said():
    found = of(day_of(*pairs("+++--", "++-+-")), "calibration")
    cells = {name.partition("confusion=")[2].rstrip("}"): m.value for name, m in found.items() if "confusion=" in name}
    assert cells == {
        "people_pass_judge_pass": 2,
        "people_fail_judge_pass": 1,
        "people_pass_judge_fail": 1,
        "people_fail_judge_fail": 1,
    }


def named(judge, people):
    """A pair per letter of *judge*, its label; what the annotators said stands in *people*, a letter each."""
    return tuple(
        Pair(f"u{i}", f"t{i}", TODAY, None, 1.0, {f"p{n}": Vote(None, said) for n, said in enumerate(votes)}, label=own)
        for i, (own, votes) in enumerate(zip(judge, people, strict=True))
    )


def test_a_judge_whose_labels_have_no_scores_is_compared_label_by_label():
    states = KnownJudge("state", "1", "trace", {"a": None, "b": None, "c": None})
    found = of(day_of(*named("aabbcca", ["a", "a", "b", "c", "c", "c", "ab"]), judge=states), "calibration")
    assert found["judge_labels/state"].value == 6
    assert found["judge_labels/state{status=tied}"].value == 1
    # Agreement 5/6, by chance (2 * 2 + 2 * 1 + 2 * 3) / 36.
    kappa = found["judge_kappa/state"]
    assert kappa.value == pytest.approx((5 / 6 - 1 / 3) / (1 - 1 / 3))
    assert kappa.low < kappa.value <= kappa.high
    assert "judge_tpr/state" not in found


def test_without_labels_there_is_nothing_to_compare_label_by_label():
    states = KnownJudge("state", "1", "trace", {"a": None, "b": None})
    assert of(day_of(judge=states), "calibration").keys() == {"judge_labels/state"}
