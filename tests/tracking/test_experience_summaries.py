"""What users live through: success, sessions, satisfaction, on rows written by hand."""

import datetime as dt

import pytest

from tasks.shared.statistics.intervals import wilson
from tests.tracking.rows import NOON, lake_at, put, summarised


@pytest.fixture
def lake(tmp_path):
    return lake_at(tmp_path)


def question(trace, session=None, failed=False, minutes=0, **values):
    start = NOON + dt.timedelta(minutes=minutes)
    return {
        "trace_id": trace,
        "session_id": session,
        "status_code": "ERROR" if failed else "OK",
        "start_time": start,
        "end_time": start + dt.timedelta(seconds=30),
        **values,
    }


def test_a_question_succeeds_where_its_root_does_whatever_was_got_over_on_the_way(lake):
    put(
        lake,
        "spans",
        question("a"),
        question("a", parent_id="p", status_code="ERROR"),
        question("b", failed=True),
        question("c", parent_id="elsewhere"),
    )
    found = summarised(lake, "sessions")
    assert (found["success/traces"].value, found["success/traces"].n) == (0.5, 2)
    assert found["success/traces"].coverage == pytest.approx(2 / 3)
    assert (found["success/traces"].low, found["success/traces"].high) == pytest.approx(wilson(1, 2), abs=1e-9)
    assert "success/sessions" not in found
    assert "queries_per_session/mean" not in found


def test_sessions_have_questions_a_duration_and_fail_with_any_of_their_questions(lake):
    put(
        lake,
        "spans",
        question("a", "s1"),
        question("b", "s1", minutes=10),
        question("c", "s1", minutes=20),
        question("d", "s2", failed=True),
        question("e"),
    )
    found = summarised(lake, "sessions")
    assert (found["success/sessions"].value, found["success/sessions"].n) == (0.5, 2)
    assert (found["queries_per_session/mean"].value, found["queries_per_session/mean"].coverage) == (2.0, 0.8)
    assert (found["queries_per_session/p50"].value, found["queries_per_session/p95"].value) == (1.0, 3.0)
    assert found["session_duration_ms/p95"].value == 20 * 60_000 + 30_000
    assert found["success/traces"].value == 0.8


def test_questions_of_one_session_count_less_than_as_many_apart(lake, tmp_path):
    put(lake, "spans", *(question(f"t{i}", f"s{i % 4}", failed=i % 4 == 0) for i in range(40)))
    other = lake_at(tmp_path / "other")
    put(other, "spans", *(question(f"t{i}", f"s{i}", failed=i % 4 == 0) for i in range(40)))
    together, apart = (summarised(each, "sessions")["success/traces"] for each in (lake, other))
    assert together.value == apart.value == 0.75
    assert together.high - together.low > 2 * (apart.high - apart.low)


def rating(trace, label=None, score=None, **values):
    return {"unit": "trace", "unit_id": trace, "name": "user_feedback", "label": label, "score": score, **values}


def test_satisfaction_is_the_share_of_positive_ratings_whoever_wrote_them_down(lake):
    put(lake, "spans", *(question(name) for name in "abcdefgh"))
    put(
        lake,
        "annotations",
        rating("a", "thumbs_up"),
        rating("b", None, 1.0),
        rating("c", "Thumbs_Down "),
        rating("d", "whatever"),
        rating("e", "thumbs_up", annotator_kind="CODE"),
        rating("f", "thumbs_up", name="correctness"),
        rating("g", "thumbs_up", identifier="feedback:1"),
    )
    given = {"rating": "negative", "status": "matched", "matched_by": "trace_id", "read_at": NOON}
    put(lake, "feedback", {"feedback_id": "1", "trace_id": "g", "span_id": "g", **given})
    found = summarised(lake, "satisfaction")["satisfaction"]
    assert (found.value, found.n, found.coverage) == (0.5, 4, 0.5)
    assert (found.low, found.high) == pytest.approx(wilson(2, 4), abs=1e-9)


def test_the_last_rating_of_a_trace_is_the_one_that_counts(lake):
    put(lake, "spans", question("a"))
    later = {"created_at": NOON + dt.timedelta(hours=1)}
    put(lake, "annotations", rating("a", "thumbs_up", created_at=NOON), rating("a", "thumbs_down", **later))
    assert summarised(lake, "satisfaction")["satisfaction"].value == 0.0


def test_nobody_rated_is_no_satisfaction_at_all(lake):
    put(lake, "spans", question("a"))
    assert summarised(lake, "satisfaction") == {}
