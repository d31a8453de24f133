"""Items of a chat table become rows of feedback, or are counted with the reason why not."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.curate.feedback.items import Reading, at, feedback_id, moment, read, text, trace_id
from tasks.shared.anonymise import Anonymiser
from tasks.shared.settings import AnonymiseSettings, FeedbackSettings

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
GIVEN = dt.datetime(2026, 11, 19, 10, 30, tzinfo=dt.UTC)
HEX = "5759e988bd862e3fe1be46a994272793"
SETTINGS = FeedbackSettings(table="chats", comment_attribute="meta.comment")
KEY = ("session_id", "message")
WHOLE = {
    "session_id": "s1",
    "message": Decimal(7),
    "user_feedback": "Thumbs_Up ",
    "timestamp": "2026-11-19T10:30:00Z",
    "trace_id": HEX.upper(),
    "text": "How many?",
    "meta": {"comment": "exact"},
}


def read_one(**changes):
    return read([{**WHOLE, **changes}], KEY, SETTINGS, NOW)


def test_an_item_becomes_a_row_that_waits_for_its_trace():
    found = read_one()
    assert found.rows == [
        {
            "feedback_id": feedback_id("chats", {"session_id": "s1", "message": 7}),
            "start_time": GIVEN,
            "session_id": "s1",
            "recorded_trace_id": HEX,
            "text": "How many?",
            "rating": "positive",
            "comment": "exact",
            "status": "unmatched",
            "matched_by": None,
            "trace_id": None,
            "span_id": None,
            "read_at": NOW,
        }
    ]
    assert not found.odd


@pytest.mark.parametrize(
    ("recorded", "rating"),
    [
        (True, "positive"),
        (False, "negative"),
        (Decimal("1.0"), "positive"),
        (Decimal(-1), "negative"),
        ("DOWN", "negative"),
    ],
)
def test_ratings_are_words_numbers_or_truth(recorded, rating):
    assert read_one(user_feedback=recorded).rows[0]["rating"] == rating


@pytest.mark.parametrize(
    ("changes", "reason", "example"),
    [
        ({"user_feedback": None}, "without_rating", "session_id=s1, message=7"),
        ({"user_feedback": ""}, "without_rating", "session_id=s1"),
        ({"user_feedback": "meh"}, "of_unknown_rating", "'meh' of session_id=s1"),
        ({"user_feedback": {"stars": Decimal(5)}}, "of_unknown_rating", '{"stars":"5"}'),
        ({"session_id": None}, "without_key", "session_id=None, message=7"),
        ({"timestamp": None}, "without_time", "message=7"),
        ({"timestamp": "yesterday"}, "of_odd_time", "'yesterday' of"),
        ({"timestamp": Decimal(5)}, "of_odd_time", "'5' of"),
        ({"timestamp": "2026-11-22"}, "of_odd_time", "'2026-11-22'"),
        ({"timestamp": ["2026-11-19"]}, "of_odd_time", '["2026-11-19"]'),
    ],
)
def test_what_cannot_be_a_row_is_counted_with_its_reason_and_an_example(changes, reason, example):
    found = read_one(**changes)
    assert found.rows == []
    assert found.odd == {reason: 1}
    assert example in found.examples[reason]
    assert bool(found.notes(str)) is (reason != "without_rating")


def test_an_odd_trace_id_is_counted_and_the_feedback_kept():
    found = read_one(trace_id="request-42")
    assert found.rows[0]["recorded_trace_id"] is None
    assert found.notes(str) == ("1 items: of odd trace id, for example 'request-42' of session_id=s1, message=7",)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2)
    | st.binary(max_size=3)
    | st.sets(st.text(max_size=3), max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=50)
@given(
    st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(WHOLE, ANYTHING) | {"timestamp": st.just("2026-11-19")}))
)
def test_no_item_is_lost_whatever_it_holds(items):
    found = read(items, KEY, SETTINGS, NOW)
    odd = sum(count for reason, count in found.odd.items() if reason != "of_odd_trace_id")
    assert len(found.rows) + odd == len(items)


@given(st.integers(946_684_800, 4_102_444_800))
def test_a_time_is_the_same_in_every_form(since_1970):
    whole, seconds = dt.datetime.fromtimestamp(since_1970, dt.UTC), Decimal(since_1970)
    forms = [whole.isoformat(), whole.isoformat().replace("+00:00", "Z"), whole.replace(tzinfo=None).isoformat(" ")]
    forms += [seconds, seconds * 1000, seconds * 10**6, seconds * 10**9, str(seconds)]
    forms += [whole.astimezone(dt.timezone(dt.timedelta(hours=-7))).isoformat()]
    assert {moment(form) for form in forms} == {whole}


@pytest.mark.parametrize(
    ("recorded", "digits"),
    [
        (HEX, HEX),
        (f"00-{HEX}-{'a' * 16}-01", HEX),
        ("1-5759e988-bd862e3fe1be46a994272793", HEX),
        ("5759e988-bd86-2e3f-e1be-46a994272793", HEX),
        (f" {HEX.upper()} ", HEX),
        ("0" * 32, None),
        (HEX[:-1], None),
        (f"{HEX}-", None),
        ("", None),
        (None, None),
    ],
)
def test_trace_ids_are_understood_in_the_forms_that_tools_write(recorded, digits):
    assert trace_id(recorded) == digits


def test_the_id_of_feedback_depends_on_the_table_and_the_whole_key():
    ids = {
        feedback_id("chats", {"a": "1", "b": Decimal(2)}),
        feedback_id("chats", {"b": Decimal("2.0"), "a": "1"}),
        feedback_id("chats", {"a": "1", "b": Decimal(3)}),
        feedback_id("other", {"a": "1", "b": Decimal(2)}),
    }
    assert len(ids) == 3
    assert all(len(each) == 16 for each in ids)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Decimal("12345678901234567890123456789012345678"), "12345678901234567890123456789012345678"),
        (Decimal("2.50"), "2.5"),
        (Decimal(100), "100"),
        (b"\x01\xff", "01ff"),
        ({"b", "a"}, '["a","b"]'),
        ({"n": Decimal(1)}, '{"n":"1"}'),
    ],
)
def test_values_are_told_as_text_without_losing_digits(value, said):
    assert text(value) == said


def test_a_path_that_leads_nowhere_gives_nothing():
    assert at({"a": {"b": 1}}, "a.b") == 1
    assert at({"a": 5}, "a.b") is None
    assert at({"a": 5}, "") is None


def test_what_is_odd_is_told_without_personal_data_and_shortly():
    found = Reading()
    found.note("of_unknown_rating", f"'ask ann@example.com' of user=bob@example.com, {'x' * 100}")
    masks = Anonymiser(b"0" * 32, "feedback", AnonymiseSettings())
    (note,) = found.notes(masks.text)
    assert note.count("<EMAIL_") == 2
    assert "@" not in note
    assert len(note) < 150
