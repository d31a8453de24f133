"""The first failure of a run, as code sees it."""

import pytest

from tasks.failures.detection import apologises, detected, expected_states
from tests.failures.agents import FINE, PLAN, SORRY, bad_call, error, run

FOUND = {
    "a run that answers": (("Parse", "Plan", "Fetch", "Answer"), FINE, ("none", "Answer", None, "answer")),
    "status ERROR": (("Parse", "Plan", error("Fetch")), SORRY, ("Fetch", "Plan", "s4", "nothing")),
    "output with status OK": (
        ("Parse", {"name": "Plan", "output_head": "Error: not understood"}), SORRY, ("Plan", "Parse", "s3", "nothing")),
    "an exception event with status OK": (
        ("Parse", {"name": "Plan", "exception_type": "KeyError"}), SORRY, ("Plan", "Parse", "s3", "earlier")),
    "the first of two": ((error("Parse"), "Plan", error("Fetch")), SORRY, ("Parse", "none", "s2", "nothing")),
    "a call that the tool refuses for its arguments": (
        ("Parse", bad_call("Plan"), error("Fetch", "invalid argument n")), SORRY, ("Plan", "Parse", "s3", "nothing")),
    "a tool that refuses what it was given": (
        ("Parse", "Plan", error("Fetch", "required argument is missing")), SORRY, ("Fetch", "Plan", "s4", "earlier")),
    "a bad call before a tool that is down": (
        ("Parse", bad_call("Plan"), error("Fetch")), SORRY, ("Fetch", "Plan", "s4", "nothing")),
    "a bad call that nothing came after": (("Parse", bad_call("Plan")), SORRY, ("Plan", "Parse", "s3", "nothing")),
    "nothing retrieved, and no answer after it": (
        ("Parse", "Plan", {"name": "Fetch", "kind": "RETRIEVER", "empty_retrieval": True}), SORRY,
        ("Fetch", "Plan", "s4", "nothing")),
    "a run that stopped without a word": (("Parse", "Plan"), SORRY, ("Plan", "Parse", "s3", "all")),
    "a run without an answer": (("Parse", "Plan"), None, ("Plan", "Parse", "s3", "all")),
    "a root that records no output, of a run whose last state ran": (
        ("Parse", "Plan", "Fetch", "Answer"), None, ("none", "Answer", None, "answer")),
    "a root that records no output, of a run whose last state apologises": (
        ("Parse", "Plan", {"name": "Answer", "output_head": SORRY}), None, ("Answer", "Plan", "s4", "all")),
    "a run without any state": ((), SORRY, ("Parse", "none", None, "all")),
    "a tool that failed, and an answer all the same": (
        ("Parse", "Plan", error("Fetch"), "Answer"), FINE, ("none", "Answer", None, "all")),
    "a bad call that the tool took": (
        ("Parse", bad_call("Plan"), "Fetch", "Answer"), FINE, ("none", "Answer", None, "all")),
    "a retry that went well, and a later failure": (
        ("Parse", error("Plan"), "Plan", error("Fetch")), SORRY, ("Fetch", "Plan", "s5", "nothing")),
    "a last state that fails quietly in the answer": (
        ("Parse", "Plan", "Fetch", {"name": "Answer", "output_head": "Error: too long"}), "Error: too long",
        ("Answer", "Fetch", "s5", "nothing")),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "answer", "expected"), FOUND.values(), ids=FOUND)
def test_code_finds_the_first_failure_that_was_not_made_good(steps, answer, expected):
    found = detected(run(*steps, answer=answer), PLAN)
    assert (found.state, found.last_success, found.span_id, found.leaves_open) == expected


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        (SORRY, True),
        ("Sorry, I was unable to complete that.", True),
        (f"An internal error occurred while I looked. {FINE * 30}", True),
        ("If the dough tears, try again with more flour.", False),
        (f"{FINE * 30} If something went wrong with the sauce, please try again.", False),
        ("", False),
    ],
)
def test_an_apology_is_a_short_answer_or_begins_a_long_one(said, failed):
    assert apologises(said) is failed


def test_a_span_below_a_state_belongs_to_it():
    below = error("http", parent_id="s3")
    found = detected(run("Parse", "Plan", below, answer=SORRY), PLAN)
    assert (found.state, found.span_id) == ("Plan", "s4")


def test_spans_that_are_each_others_parents_end_no_run():
    steps = ({"name": "a", "parent_id": "s3"}, {"name": "b", "parent_id": "s2"})
    assert detected(run(*steps, answer=SORRY), PLAN).state == "Parse"


def test_a_state_that_every_good_run_has_is_missed():
    good = [run("Parse", "Plan", "Fetch", "Answer") for _ in range(9)] + [run("Parse", "Fetch", "Answer")]
    expected = expected_states(good, PLAN, 0.95)
    assert expected == {"Parse", "Fetch", "Answer"}
    found = detected(run("Parse", "Plan", "Answer", answer=SORRY), PLAN, expected)
    assert (found.state, found.sign.kind, found.span_id, found.last_success) == ("Fetch", "missing", None, "Plan")
    assert detected(run("Parse", "Fetch", "Answer", answer=SORRY), PLAN, expected).state == "Answer"


def test_without_good_runs_nothing_is_expected():
    assert expected_states([run("Parse", answer=SORRY)], PLAN, 0.9) == frozenset()


def test_a_last_state_that_good_runs_need_not_have_is_no_reason():
    short = run("Parse", "Plan", "Fetch")
    assert detected(short, PLAN, {"Parse", "Plan", "Fetch"}).state == "none"
    assert detected(short, PLAN, {"Parse", "Answer"}).state == "Fetch"


def test_a_root_with_status_error_did_not_end_well():
    assert detected(run("Parse", "Plan", "Fetch", "Answer", status_code="ERROR"), PLAN).state == "Answer"
