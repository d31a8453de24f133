"""By whose word a run failed."""

import datetime as dt

import pytest

from tasks.failures.attribution import Verdict, combined, labelled, verdict_of
from tasks.failures.detection import detected
from tasks.failures.labels import Label, annotated, label_of
from tests.failures.agents import FINE, PLAN, SORRY, error, run
from tests.tracking.rows import DAY, NOON, lake_at, put

LOUD = run("Parse", "Plan", error("Fetch"), answer=SORRY)
STOPPED = run("Parse", "Plan", answer=SORRY)
GOOD = run("Parse", "Plan", "Fetch", "Answer", answer=FINE)
GIVEN = run("Parse", "Plan", error("Fetch", "required argument is missing"), answer=SORRY)
SPARED = run("Parse", "Plan", error("Fetch"), "Answer", answer=FINE)


BOTH = '{"first_failure_state": "Plan", "last_success_state": "Parse"}'


def said(state):
    return Verdict("scored", state, "because")


@pytest.mark.parametrize(
    ("of", "judge", "expected"),
    [
        (LOUD, None, ("Fetch", "code")),
        (LOUD, Verdict("unparseable"), ("Fetch", "code")),
        (LOUD, said("Fetch"), ("Fetch", "code")),
        (LOUD, said("Plan"), ("Fetch", "code")),
        (LOUD, said("Answer"), ("Fetch", "code")),
        (LOUD, said("none"), ("Fetch", "code")),
        (GIVEN, said("Plan"), ("Plan", "judge")),
        (GIVEN, said("Answer"), ("Fetch", "code")),
        (GIVEN, said("none"), ("Fetch", "code")),
        (GIVEN, None, ("Fetch", "code")),
        (STOPPED, None, ("Plan", "code")),
        (STOPPED, said("Parse"), ("Parse", "judge")),
        (STOPPED, said("Fetch"), ("Fetch", "judge")),
        (GOOD, None, ("none", "code")),
        (GOOD, said("Plan"), ("none", "code")),
        (GOOD, said("Answer"), ("Answer", "judge")),
        (SPARED, None, ("none", "code")),
        (SPARED, said("Fetch"), ("Fetch", "judge")),
    ],
)
def test_the_judge_is_heard_on_what_code_leaves_open_and_on_nothing_else(of, judge, expected):
    found = combined(of, detected(of, PLAN), judge, PLAN)
    assert (found.state, found.source) == expected


def test_the_judges_state_comes_with_its_span_and_the_state_that_ran_before():
    found = combined(STOPPED, detected(STOPPED, PLAN), said("Parse"), PLAN)
    assert (found.span_id, found.last_success, found.explanation) == ("s2", "none", "because")


def test_both_explain_where_they_agree():
    found = combined(LOUD, detected(LOUD, PLAN), said("Fetch"), PLAN)
    assert found.explanation == "status ERROR: IOError: no answer within 5 s. because"


def test_a_label_is_the_truth_and_says_where_the_analysis_differs():
    both = combined(LOUD, detected(LOUD, PLAN), None, PLAN)
    same = labelled(LOUD, both, Label("Fetch", "Parse"), PLAN)
    assert (same.state, same.last_success, same.source, same.span_id) == ("Fetch", "Parse", "label", "s4")
    other = labelled(LOUD, both, Label("Plan"), PLAN)
    assert (other.state, other.last_success, other.span_id) == ("Plan", "Parse", "s3")
    assert "the analysis finds Fetch" in other.explanation
    fine = labelled(LOUD, both, Label("none"), PLAN)
    assert (fine.state, fine.span_id) == ("none", None)


@pytest.mark.parametrize(
    ("root", "annotations", "expected"),
    [
        ({"metadata": BOTH}, {}, (Label("Plan", "Parse"), "")),
        ({"attributes": '{"first_failure_state": "Plan"}'}, {}, (Label("Plan"), "")),
        ({"metadata": '{"first_failure_state": "none"}'}, {"first_failure_state": "Fetch"}, (Label("Fetch"), "")),
        ({"metadata": '{"first_failure_state": "NULL"}'}, {}, (Label("none"), "")),
        ({"metadata": '{"first_failure_state": "Cook"}'}, {}, (None, "Cook")),
        ({"metadata": '{"first_failure_state": "Plan", "last_success_state": "?"}'}, {}, (Label("Plan"), "")),
        ({"metadata": '{"first_failure_state": 3}'}, {}, (None, "")),
        ({"metadata": "first_failure_state"}, {}, (None, "")),
        ({"metadata": '["first_failure_state"]'}, {}, (None, "")),
        ({}, {}, (None, "")),
    ],
)  # fmt: skip
def test_labels_are_read_from_attributes_metadata_and_annotations(root, annotations, expected):
    assert label_of(run(**root).root, annotations, PLAN) == expected


def test_only_people_annotate_the_truth(tmp_path):
    lake = lake_at(tmp_path)
    said = {"unit": "trace", "unit_id": "t", "name": "first_failure_state", "updated_at": NOON}
    later = NOON + dt.timedelta(hours=1)
    put(
        lake,
        "annotations",
        {**said, "label": "Fetch"},
        {**said, "label": "Plan", "annotator_kind": "LLM", "updated_at": later},
        {**said, "label": "Plan", "unit_id": "other", "annotator_kind": "CODE"},
    )
    assert annotated(lake, "p", DAY) == {"t": {"first_failure_state": "Fetch"}}


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        ({"status": "scored", "label": "Plan", "explanation": "x"}, Verdict("scored", "Plan", "x")),
        ({"status": "scored", "label": "Cook", "explanation": "x"}, Verdict("scored")),
        ({"status": "sampled_out", "label": None, "explanation": "not in the sample"}, Verdict("sampled_out")),
    ],
)
def test_only_a_scored_decision_with_a_known_state_is_a_verdict(decision, expected):
    assert verdict_of(decision, PLAN) == expected
