"""Which hours are closed and taken in by ingestion: only of those can be told what is in them."""

import datetime as dt
from urllib.parse import quote

from tasks.shared.records import DAY, HOUR, Window
from tasks.shared.store.lake import Lake

# Ingestion records what its checks said of a window, also of one without a span. An hour is in when the checks of a
# window around it found nothing critical.
INGESTED = """
SELECT start_time, end_time FROM checks WHERE table_name = 'spans'
GROUP BY start_time, end_time HAVING bool_and(success OR severity <> 'critical')
"""
LONGEST_INGESTION = 2 * DAY
# The night marks the days that every stage has seen. One that it never marks is waited for so long.
DONE = "progress/project={project}/date={day}/done"
LONGEST_NIGHT = 2 * DAY


def ingested_hours(lake: Lake, project: str, window: Window) -> set[dt.datetime]:
    """The start of every hour of *window* that ingestion has taken in."""
    rows = lake.sql(INGESTED, project, Window(window.start - LONGEST_INGESTION, window.end)).to_pylist()
    hours = {hour for row in rows for hour in Window(row["start_time"], row["end_time"]).hours()}
    return {hour for hour in hours if window.start <= hour < window.end}


def last_closed(now: dt.datetime) -> dt.datetime:
    """The end of the last hour that is over."""
    return now.replace(minute=0, second=0, microsecond=0)


def due_hours(
    ingested: set[dt.datetime], since: dt.datetime, closed: dt.datetime, wait_hours: int
) -> tuple[list[dt.datetime], list[dt.datetime]]:
    """The hours from *since* on that can be evaluated now, in order, and those that are given up.

    An hour that is not in holds later ones up until it is *wait_hours* old: an outage is caught up with in order, and
    one hour that never comes does not stop everything.
    """
    due: list[dt.datetime] = []
    waiting: list[dt.datetime] = []
    given_up: list[dt.datetime] = []
    hour = since
    while hour < closed:
        if hour in ingested:
            due += [hour]
            given_up += waiting
            waiting = []
        elif closed - hour > (wait_hours + 1) * HOUR:
            waiting += [hour]
        else:
            break
        hour += HOUR
    return due, given_up


def decided_hours(lake: Lake, project: str, since: dt.datetime, closed: dt.datetime) -> list[dt.datetime]:
    """The hours of the UTC days from *since* on that the night has decided, in order, up to the first it has not.

    A day that is over for two days is not waited for any longer.
    """
    hours: list[dt.datetime] = []
    day = Window.of_day(since.date())
    while day.end <= closed:
        mark = DONE.format(project=quote(project, safe=""), day=day.start.date())
        if lake.get_file(mark) is None and closed - day.end < LONGEST_NIGHT:
            break
        hours += day.hours()
        day = Window.of_day(day.end.date())
    return hours
