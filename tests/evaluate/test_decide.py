"""Decisions: one row for every unit, whatever the evaluator does."""

import datetime as dt

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tasks.evaluate.catalogue import Ready
from tasks.evaluate.decide import LONGEST_EXPLANATION, decide, error_notes
from tasks.shared.records import UTC, Evaluator, Score
from tasks.shared.store.tables import DECISIONS, TEXT, TIME
from tasks.shared.store.tables.table import FLAG
from tests.evaluate.rows import NOON

NOW = dt.datetime(2026, 11, 20, 8, tzinfo=UTC)


def units(*outputs):
    count = len(outputs)
    return pa.table(
        {
            "unit_id": pa.array([f"u{i}" for i in range(count)], TEXT),
            "trace_id": pa.array([f"t{i}" for i in range(count)], TEXT),
            "start_time": pa.array([NOON] * count, TIME),
            "unit_digest": pa.array([f"d{i}" for i in range(count)], TEXT),
            "scored_before": pa.array([False] * count, FLAG),
            "output": pa.array(outputs, TEXT),
        }
    )


def measured(output):
    return len(output)


def mine(score, **values):
    return Ready("mine", Evaluator(unit="span", needs=("output",), score=score, **values), {})


def temperamental(output):
    if output == "raise":
        raise KeyError("city")
    if output == "nan":
        return float("nan")
    return None if output is None else Score(float(len(output)), explanation=output)


def test_every_unit_gets_a_row_with_its_status():
    decisions = decide(mine(temperamental), units("ab", None, "raise", "nan"), NOW)
    assert decisions.schema == DECISIONS.schema
    assert decisions["unit_id"].to_pylist() == ["u0", "u1", "u2", "u3"]
    assert decisions["status"].to_pylist() == ["scored", "not_applicable", "errored", "errored"]
    assert decisions["score"].to_pylist() == [2.0, None, None, None]
    assert decisions["explanation"].to_pylist()[:3] == ["ab", None, "KeyError: 'city'"]
    assert decisions["explanation"][3].as_py().startswith("ValueError: returned the score nan")


def test_a_decision_says_who_decided_when_and_on_what():
    decision = decide(mine(measured, version="7", direction="minimize"), units(""), NOW).to_pylist()[0]
    assert decision == {
        "unit": "span",
        "unit_id": "u0",
        "trace_id": "t0",
        "start_time": NOON,
        "evaluator": "mine",
        "version": "7",
        "kind": "code",
        "direction": "minimize",
        "status": "scored",
        "score": 0.0,
        "label": None,
        "explanation": None,
        "model": None,
        "cost_usd": 0.0,
        "inclusion_probability": 1.0,
        "prompt_tokens": None,
        "completion_tokens": None,
        "stratum": None,
        "prompt_digest": None,
        "reused": None,
        "unit_digest": "d0",
        "scored_before": False,
        "decided_at": NOW,
    }


def test_an_explanation_without_a_score_is_the_reason_why_it_does_not_apply():
    decisions = decide(mine(lambda **_: Score(explanation="no price")), units("a"), NOW)
    assert decisions["status"].to_pylist() == ["not_applicable"]
    assert decisions["explanation"].to_pylist() == ["no price"]


def test_an_evaluator_that_needs_nothing_is_asked_for_every_unit():
    ready = Ready("mine", Evaluator(unit="span", needs=(), score=lambda: 1.0), {})
    assert decide(ready, units("a", "b"), NOW)["score"].to_pylist() == [1.0, 1.0]


def test_parameters_reach_the_evaluator():
    ready = Ready("mine", Evaluator(unit="span", needs=("output",), score=lambda limit, **_: limit), {"limit": 3})
    assert decide(ready, units("a"), NOW)["score"].to_pylist() == [3.0]


def test_a_long_explanation_is_cut():
    decisions = decide(mine(lambda **_: Score(1.0, explanation="x" * 5000)), units("a"), NOW)
    assert len(decisions["explanation"][0].as_py()) == LONGEST_EXPLANATION


def test_no_units_make_no_decisions():
    assert decide(mine(measured), units(), NOW).num_rows == 0


def test_errors_are_told_with_their_number_and_the_first_text():
    ready = mine(temperamental)
    assert error_notes(ready, decide(ready, units("ab", "raise", "raise"), NOW)) == [
        "mine raised on 2 of 3 units, first: KeyError: 'city'"
    ]
    assert error_notes(ready, decide(ready, units("ab"), NOW)) == []


@given(st.lists(st.one_of(st.none(), st.sampled_from(["raise", "nan"]), st.text(max_size=5)), max_size=20))
def test_rows_and_units_are_the_same_in_number_and_order(outputs):
    decisions = decide(mine(temperamental), units(*outputs), NOW)
    assert decisions["unit_id"].to_pylist() == [f"u{i}" for i in range(len(outputs))]
    for row in decisions.select(["status", "score", "label"]).to_pylist():
        assert (row["status"] == "scored") == (row["score"] is not None)
