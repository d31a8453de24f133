"""Which reports are still to be sent, and through which channels."""

import datetime as dt

import pytest

from tasks.reports.message import report_id
from tasks.reports.outstanding import note_due, outstanding
from tasks.shared.channels import deliver
from tasks.shared.records import Window
from tasks.shared.settings import ReportSettings
from tasks.shared.store.report_files import report_path
from tests.shared.channels.messages import lake_in, report, with_channels

pytestmark = pytest.mark.usefixtures("unchecked")
DAY = dt.date(2026, 11, 20)


@pytest.fixture
def unchecked(monkeypatch):
    monkeypatch.setattr("tasks.shared.channels.deliveries.gate", lambda *_args, **_options: None)


@pytest.fixture
def lake(tmp_path):
    lake = lake_in(tmp_path / "lake")
    for day in range(15, 21):
        lake.put_file(report_path("chat", Window.of_day(dt.date(2026, 11, day))), b"page")
    return lake


def tell(lake, day, folder, channels=("a",), edition="day", month=11):
    window = Window.of_edition(edition, dt.date(2026, month, day))
    named = report_id("chat", window, edition)
    message = report(message_id=named, topic=named, at=window.start)
    deliver(
        lake, with_channels(**{name: {"kind": "file", "folder": str(folder)} for name in channels}), message, channels
    )


def unsent(lake, channels=("a",), hours=48, day=DAY):
    settings = ReportSettings(channels=channels, formats=("html",))
    return [
        (each.edition, each.window.start.day, each.channels) for each in outstanding(lake, settings, "chat", day, hours)
    ]


def days(lake, channels=("a",), hours=48):
    return [day for _, day, _ in unsent(lake, channels, hours)]


def test_without_channels_nothing_is_to_be_sent_and_a_new_channel_gets_the_next_report_alone(lake):
    assert days(lake, ()) == []
    assert days(lake) == [20]


def test_a_day_that_a_channel_refused_or_that_a_killed_night_never_sent_is_sent_later(lake, tmp_path):
    (tmp_path / "blocked").write_text("a file")
    tell(lake, 17, tmp_path / "out")
    tell(lake, 18, tmp_path / "blocked")
    assert days(lake) == [18, 19, 20]
    assert days(lake, hours=24) == [19, 20]
    tell(lake, 18, tmp_path / "out")
    tell(lake, 19, tmp_path / "out")
    assert days(lake) == [20]


def test_a_day_without_a_report_and_those_before_the_first_that_was_sent_are_not(lake, tmp_path):
    tell(lake, 19, tmp_path / "out")
    assert days(lake, hours=120) == [20]


def test_a_channel_that_is_added_later_gets_no_old_reports_and_no_second_copy_goes_to_others(lake, tmp_path):
    (tmp_path / "blocked").write_text("a file")
    for day in (17, 18, 19):
        tell(lake, day, tmp_path / "out")
    assert unsent(lake, ("a", "b")) == [("day", 20, ("a", "b"))]
    tell(lake, 19, tmp_path / "blocked", ("b",))
    assert unsent(lake, ("a", "b")) == [("day", 19, ("b",)), ("day", 20, ("a", "b"))]


@pytest.mark.parametrize(("edition", "first", "month"), [("week", 9, 11), ("month", 1, 10)])
def test_a_week_or_month_that_a_channel_refused_is_sent_until_the_next_is_over(lake, tmp_path, edition, first, month):
    (tmp_path / "blocked").write_text("a file")
    window = Window.of_edition(edition, dt.date(2026, month, first))
    lake.put_file(report_path("chat", window, edition=edition), b"page")
    assert unsent(lake, hours=0) == [("day", 20, ("a",))]
    tell(lake, first, tmp_path / "blocked", edition=edition, month=month)
    assert unsent(lake, hours=0) == [(edition, first, ("a",)), ("day", 20, ("a",))]
    # The night before the run that builds and sends it does not do so.
    assert unsent(lake, hours=0, day=window.days()[-1]) == [("day", window.days()[-1].day, ("a",))]
    tell(lake, first, tmp_path / "out", edition=edition, month=month)
    assert unsent(lake, hours=0) == [("day", 20, ("a",))]


@pytest.mark.parametrize(("edition", "first", "month"), [("day", 19, 11), ("week", 9, 11), ("month", 1, 10)])
def test_the_first_report_of_all_is_sent_later_where_a_run_was_killed_before_it_sent_it(
    lake, tmp_path, edition, first, month
):
    window = Window.of_edition(edition, dt.date(2026, month, first))
    note_due(lake, "chat", window, edition, ["a"])
    note_due(lake, "chat", window, edition, ["b"])
    if edition != "day":
        assert unsent(lake, hours=24) == [("day", 20, ("a",))]  # it was not made either
    lake.put_file(report_path("chat", window, edition=edition), b"page")
    assert unsent(lake, ("a", "c"), hours=24) == [(edition, first, ("a",)), ("day", 20, ("a", "c"))]
    tell(lake, first, tmp_path / "out", edition=edition, month=month)
    assert unsent(lake, hours=24) == [("day", 20, ("a",))]


def test_a_report_that_lacks_one_of_the_formats_is_not_sent_later(lake, tmp_path):
    tell(lake, 18, tmp_path / "out")
    settings = ReportSettings(channels=("a",), formats=("html", "pdf"))
    assert [each.window.start.day for each in outstanding(lake, settings, "chat", DAY, 48)] == [20]
