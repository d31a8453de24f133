"""Counts, matrices, shares, and how right they are."""

import datetime as dt

import pytest

from tasks.failures.figures import by_kind, by_state, failure_rate, in_windows, transitions, windows_before
from tasks.failures.quality import qualities
from tasks.shared.records import Window
from tests.failures.agents import NOON, PLAN


def row(state, last="none", **more):
    """A row of `failures`, without a label unless told."""
    fine = state == "none"
    usual = {
        "trace_id": "t",
        "start_time": NOON,
        "state": state,
        "last_success": last,
        "span_id": None if fine else f"span of {state}",
        "step_kind": None if fine else "llm",
        "step_status": None if fine else "OK",
        "source": "code",
        "detected_state": state,
        "detected_span_id": None if fine else f"span of {state}",
        "code_state": state,
        "code_span_id": None if fine else f"span of {state}",
        "judge_state": None,
        "judge_status": None,
        "label_state": None,
        "labelled_span_id": None,
        "last_state": "Answer",
        "last_span_id": "span of Answer",
        "steps": 4,
        "request": "find it",
        "explanation": f"{state} failed",
    }
    return {**usual, **more}


ROWS = [
    *[row("none", "Answer") for _ in range(6)],
    row("Plan", "Parse"),
    row("Plan", "Parse"),
    row("Parse"),
    row("Fetch", "Plan", step_kind="tool", step_status="ERROR"),
]


def test_every_state_is_counted_in_the_taxonomys_order():
    assert [(state, share.count, share.n) for state, share in by_state(ROWS, PLAN).items()] == [
        ("Parse", 1, 4), ("Plan", 2, 4), ("Fetch", 1, 4), ("Answer", 0, 4),
    ]  # fmt: skip
    rate = failure_rate(ROWS)
    assert (rate.count, rate.n, rate.value) == (4, 10, 0.4)
    assert rate.interval == pytest.approx((0.1682, 0.6873), abs=1e-4)
    assert failure_rate([]).value is None
    assert failure_rate([]).interval == (None, None)


def test_the_matrix_has_the_states_that_occur_with_exact_counts():
    matrix = transitions(ROWS, PLAN)
    assert matrix.rows == ("none", "Parse", "Plan")
    assert matrix.columns == ("Parse", "Plan", "Fetch")
    assert matrix.counts == ((1, 0, 0), (0, 2, 0), (0, 0, 1))
    assert matrix.n == 4


def test_model_and_tool_failures_are_told_apart_and_how_many_a_status_tells_of():
    found = {kind: (share.count, loud.count, loud.n) for kind, (share, loud) in by_kind(ROWS).items()}
    assert found == {"llm": (3, 0, 3), "tool": (1, 1, 1)}


def test_windows_before_have_the_same_length_and_those_without_rows_are_left_out():
    week = Window(NOON.replace(hour=0), NOON.replace(hour=0) + dt.timedelta(days=7))
    earlier = windows_before(week, 2)
    assert [each.end - each.start for each in earlier] == [dt.timedelta(days=7)] * 2
    assert earlier[-1].end == week.start
    rows = [row("none", start_time=earlier[0].start), row("Plan", start_time=week.start)]
    assert [(window, len(its)) for window, its in in_windows(rows, earlier)] == [(earlier[0], 1)]
    assert windows_before(week, 0) == []


def labelled(state, detected, **more):
    span = None if state == "none" else f"span of {state}"
    return row(detected, label_state=state, labelled_span_id=span, **more)


def test_accuracy_is_told_of_all_runs_of_the_failing_ones_and_of_their_steps():
    rows = [
        labelled("none", "none"),
        labelled("Plan", "Plan", judge_state="Plan"),
        labelled("Plan", "Fetch", judge_state="Parse"),
        labelled("Answer", "Answer"),
        row("Plan"),
    ]
    found = {each.way: each for each in qualities(rows, PLAN)}
    assert list(found) == ["code and judge", "code alone", "judge alone", "last step", "random"]
    both = found["code and judge"]
    assert (both.runs.hits, both.runs.n) == (3, 4)
    assert (both.state.hits, both.state.n, both.step.hits, both.step.n) == (2, 3, 2, 3)
    assert (found["judge alone"].runs.hits, found["judge alone"].runs.n) == (1, 2)
    assert found["last step"].runs is None
    assert (found["last step"].state.hits, found["last step"].step.hits) == (1, 1)
    assert (found["random"].state.value, found["random"].step.value) == (0.25, 0.25)
    assert found["random"].state.interval == (None, None)
    assert qualities([row("Plan")], PLAN) == []
