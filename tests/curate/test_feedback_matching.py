"""Feedback goes to the trace it names, or to the session's last one before it, and never to a guess."""

import datetime as dt

import pytest

from tasks.curate.feedback.matching import Root, Traces, match, questions
from tasks.shared.settings import FeedbackSettings

NOON = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
NOW = NOON + dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
SETTINGS = FeedbackSettings(table="chats")


def root(name, minutes, question=None, session="s1"):
    return Root(name, session, f"root-of-{name}", NOON + minutes * MINUTE, question)


def feedback(**values):
    row = {"start_time": NOON, "session_id": "s1", "recorded_trace_id": None, "text": None, "status": "unmatched"}
    return row | values


def matched(row, *roots, latest=NOON + MINUTE, now=NOW):
    found = match(row, Traces.of(roots, latest), SETTINGS, now)
    return found["status"], found.get("matched_by"), found.get("trace_id")


FIRST, SECOND = root("first", -30, "How many?"), root("second", -2, '{"input": "How  much?"}')


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"recorded_trace_id": "first"}, ("matched", "trace_id", "first")),
        ({}, ("matched", "session", "second")),
        ({"text": "How many?"}, ("matched", "session", "first")),
        ({"text": " How much? "}, ("matched", "session", "second")),
        ({"text": "How long?"}, ("unmatched", None, None)),
        ({"session_id": "s2"}, ("unmatched", None, None)),
        ({"session_id": None}, ("unmatched", None, None)),
        ({"recorded_trace_id": "third"}, ("unmatched", None, None)),
        ({"recorded_trace_id": "third", "text": "How many?"}, ("matched", "session", "first")),
    ],
)
def test_by_trace_id_or_else_the_sessions_nearest_with_the_same_question(row, expected):
    assert matched(feedback(**row), FIRST, SECOND) == expected


@pytest.mark.parametrize(("seconds", "fits"), [(5, True), (6, False), (-3600, True), (-3601, False)])
def test_the_session_is_searched_from_an_hour_before_to_the_clocks_skew_after(seconds, fits):
    there = root("there", seconds / 60)
    assert matched(feedback(), there)[0] == ("matched" if fits else "unmatched")


def test_a_trace_without_a_recorded_question_fits_unless_another_trace_was_named():
    mute = root("mute", -1)
    assert matched(feedback(text="How many?"), mute) == ("matched", "session", "mute")
    assert matched(feedback(text="How many?", recorded_trace_id="other"), mute)[0] == "unmatched"


def test_by_session_it_waits_until_the_lake_is_past_the_feedback_or_hours_are():
    assert matched(feedback(), FIRST, latest=NOON - MINUTE)[0] == "unmatched"
    assert matched(feedback(), FIRST, latest=None)[0] == "unmatched"
    assert matched(feedback(recorded_trace_id="first"), FIRST, latest=None)[0] == "matched"
    assert matched(feedback(), FIRST, latest=None, now=NOON + 181 * MINUTE)[0] == "matched"


def test_what_no_trace_fits_is_given_up_at_the_settings_age():
    week = dt.timedelta(days=7)
    assert matched(feedback(), now=NOON + week)[0] == "unmatched"
    assert matched(feedback(), now=NOON + week + MINUTE)[0] == "given_up"
    assert matched(feedback(), FIRST, now=NOON + week + MINUTE)[0] == "matched"


@pytest.mark.parametrize(
    ("recorded", "texts"),
    [
        ("plain  words", {"plain words"}),
        ('"quoted"', {'"quoted"', "quoted"}),
        ('[{"role": "user", "content": "a  b"}, 3]', {'[{"role": "user", "content": "a b"}, 3]', "user", "a b"}),
    ],
)
def test_a_question_may_stand_inside_json(recorded, texts):
    assert questions(recorded) == texts
