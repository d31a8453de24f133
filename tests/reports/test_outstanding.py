"""Which days' reports are still to be sent."""

import datetime as dt

import pytest

from tasks.reports.message import report_id
from tasks.reports.outstanding import outstanding_days
from tasks.shared.channels import deliver
from tasks.shared.records import Window
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


def tell(lake, day, folder, channels=("a",)):
    window = Window.of_day(dt.date(2026, 11, day))
    named = report_id("chat", window, "day")
    message = report(message_id=named, topic=named, at=window.start)
    deliver(
        lake, with_channels(**{name: {"kind": "file", "folder": str(folder)} for name in channels}), message, channels
    )


def outstanding(lake, channels=("a",), hours=48):
    return [day.day for day in outstanding_days(lake, channels, "chat", DAY, hours)]


def test_without_channels_nothing_is_to_be_sent_and_a_new_channel_gets_the_next_report_alone(lake):
    assert outstanding(lake, ()) == []
    assert outstanding(lake) == [20]


def test_a_day_that_a_channel_refused_or_that_a_killed_night_never_sent_is_sent_later(lake, tmp_path):
    (tmp_path / "blocked").write_text("a file")
    tell(lake, 17, tmp_path / "out")
    tell(lake, 18, tmp_path / "blocked")
    assert outstanding(lake) == [18, 19, 20]
    assert outstanding(lake, hours=24) == [19, 20]
    tell(lake, 18, tmp_path / "out")
    tell(lake, 19, tmp_path / "out")
    assert outstanding(lake) == [20]


def test_a_day_without_a_report_and_those_before_the_first_that_was_sent_are_not(lake, tmp_path):
    tell(lake, 19, tmp_path / "out")
    assert outstanding(lake, hours=120) == [20]
    assert outstanding(lake, ("a", "b"), hours=120) == [19, 20]
