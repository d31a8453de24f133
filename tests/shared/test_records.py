"""Windows and the other words."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.errors import ConfigurationError
from tasks.shared.records import EDITIONS, HOUR, UTC, Window

whole_hours = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made UTC here
    lambda d: d.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
)


def test_a_day_has_24_hours_and_one_date():
    window = Window.of_day(dt.date(2026, 11, 19))
    assert len(list(window.hours())) == 24
    assert window.days() == (dt.date(2026, 11, 19),)
    assert str(window) == "2026-11-19"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11-19", "2026-11-19T00:00+00:00", "2026-11-20T00:00+00:00"),
        ("2026-11-19T05:00Z/2026-11-19T07:00Z", "2026-11-19T05:00+00:00", "2026-11-19T07:00+00:00"),
        ("2026-11-19T05:00/2026-11-19T07:00", "2026-11-19T05:00+00:00", "2026-11-19T07:00+00:00"),
        ("2026-11-19T05:00+02:00/2026-11-19T07:00Z", "2026-11-19T03:00+00:00", "2026-11-19T07:00+00:00"),
    ],
)
def test_text_is_read_as_a_window_in_utc(text, start, end):
    assert Window.parse(text) == Window(dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("yesterday", "'yesterday' is not understood"),
        ("2026-11-19T05:30Z/2026-11-19T07:00Z", "is not a whole hour"),
        ("2026-11-19T07:00Z/2026-11-19T05:00Z", "is empty"),
        ("2026-11-19/2026-11-20/2026-11-21", "is not understood"),
    ],
)
def test_a_bad_window_says_what_is_wrong(text, problem):
    with pytest.raises(ConfigurationError, match=problem):
        Window.parse(text)


def test_a_naive_time_is_refused():
    with pytest.raises(ConfigurationError, match="not in UTC"):
        Window(dt.datetime(2026, 11, 19), dt.datetime(2026, 11, 20))  # noqa: DTZ001 - naive on purpose


@given(whole_hours, st.integers(1, 200))
def test_the_days_of_a_window_cut_it_without_gap_or_overlap(start, hours):
    window = Window(start, start + hours * HOUR)
    parts = list(window.by_day())
    assert parts[0].start == window.start
    assert parts[-1].end == window.end
    assert all(a.end == b.start for a, b in itertools.pairwise(parts))
    assert [p.start.date() for p in parts] == list(window.days())


@given(whole_hours, st.integers(1, 200))
def test_a_window_survives_its_own_text(start, hours):
    window = Window(start, start + hours * HOUR)
    assert Window.parse(str(window)) == window


def test_around_moves_both_ends():
    assert str(Window.parse("2026-11-19").around(6)) == "2026-11-18T18:00Z/2026-11-20T06:00Z"


def test_reaching_back_moves_only_the_start():
    window = Window.parse("2026-11-19").reaching_back(48)
    assert str(window) == "2026-11-17T00:00Z/2026-11-20T00:00Z"


def test_a_week_is_iso_s_and_a_month_the_calendar_s():
    assert str(Window.of_edition("week", dt.date(2027, 1, 1))) == "2026-12-28T00:00Z/2027-01-04T00:00Z"
    assert str(Window.of_edition("month", dt.date(2028, 2, 29))) == "2028-02-01T00:00Z/2028-03-01T00:00Z"
    assert Window.of_edition("day", dt.date(2027, 1, 1)) == Window.of_day(dt.date(2027, 1, 1))


def test_the_editions_that_a_window_touches_are_whole_and_each_there_once():
    window = Window.parse("2026-11-22T23:00Z/2026-12-01T01:00Z")
    assert [w.start.day for w in window.editions("week")] == [16, 23, 30]
    assert [w.start.month for w in window.editions("month")] == [11, 12]
    assert len(window.editions("day")) == 10


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.sampled_from(EDITIONS))
def test_the_day_after_an_edition_is_the_first_of_the_next(day, edition):
    window = Window.of_edition(edition, day)
    assert window.start.date() <= day < window.end.date()
    assert Window.of_edition(edition, window.end.date()).start == window.end
