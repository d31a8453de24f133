"""The windows that flows work on when nobody names one, by the run's scheduled time and not by the clock."""

import datetime as dt

from prefect.runtime import flow_run

from tasks.shared.records import HOUR, Window


def yesterday() -> dt.date:
    """The UTC day before the one this run was scheduled for."""
    return _scheduled().date() - dt.timedelta(days=1)


def last_closed_hour() -> Window:
    """The last whole hour that had ended when this run was scheduled."""
    end = _scheduled().replace(minute=0, second=0, microsecond=0)
    return Window(end - HOUR, end)


def last_week() -> Window:
    """The seven UTC days before the one this run was scheduled for."""
    return last_days(7)


def last_days(count: int) -> Window:
    """So many UTC days before the one this run was scheduled for."""
    end = Window.of_day(yesterday()).end
    return Window(end - dt.timedelta(days=count), end)


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from *first* to *last*, both included, oldest first."""
    return [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]


def _scheduled() -> dt.datetime:
    scheduled = flow_run.scheduled_start_time
    return dt.datetime.fromtimestamp(scheduled.timestamp(), dt.UTC) if scheduled else dt.datetime.now(dt.UTC)
