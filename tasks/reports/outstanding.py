"""Days whose report somebody should have got and did not: a channel refused it, or the night was killed before."""

import datetime as dt
from collections.abc import Sequence

from tasks.reports.message import report_id
from tasks.shared.channels import is_told
from tasks.shared.records import Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import report_path

FIRST_TOLD = "SELECT min(start_time) AS first FROM deliveries WHERE event = 'report' AND topic LIKE '%:day:%'"


def outstanding_days(
    lake: Lake, channels: Sequence[str], project: str, day: dt.date, lookback_hours: int
) -> list[dt.date]:
    """The *day*, and the days of the lookback before it whose report is in the lake and that a channel did not get.

    Days before the first report that was ever sent are left out: who sets up a channel gets the next report, not old
    ones. None without channels.
    """
    (first,) = lake.sql(FIRST_TOLD, project)["first"].to_pylist()
    days = Window.of_day(day).reaching_back(lookback_hours).days() if first else ()
    earlier = [each for each in days if first.date() <= each < day and _lacks(lake, channels, project, each)]
    return [*earlier, day] if channels else []


def _lacks(lake: Lake, channels: Sequence[str], project: str, day: dt.date) -> bool:
    window = Window.of_day(day)
    named = report_id(project, window, "day")
    told = all(is_told(lake, project, channel, named, named) for channel in channels)
    return not told and lake.get_file(report_path(project, window)) is not None
