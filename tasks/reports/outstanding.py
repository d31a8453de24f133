"""Reports that somebody should have got and did not: a channel refused them, or the run was killed before."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from tasks.reports.files import FORMATS
from tasks.reports.message import report_id
from tasks.shared.channels import is_told
from tasks.shared.records import DAY, Edition, Window
from tasks.shared.settings import ReportSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import report_path

FIRST_TOLD = """
SELECT channel, min(start_time) AS first FROM deliveries WHERE event = 'report' AND starts_with(topic, $topics)
GROUP BY channel
"""


@dataclass(frozen=True)
class Unsent:
    """A report, and the channels that are to get it."""

    window: Window
    edition: Edition
    channels: tuple[str, ...]


def outstanding(
    lake: Lake, settings: ReportSettings, project: str, day: dt.date, lookback_hours: int
) -> Iterator[Unsent]:
    """Earlier reports, each for the channels that lack it, then that of the *day* for all; none without channels.

    Earlier are the days of the lookback, and the last week and the last month that were over when the day began. Each
    has to be in the lake in every format. A channel gets none from before the first report of that edition that it was
    told, or should have been, unless it was noted that it is to get it: who sets up a channel gets the next report, not
    old ones.
    """
    if not settings.channels:
        return
    today = Window.of_day(day)
    for edition, windows in _earlier(today, lookback_hours).items():
        first = _first_told(lake, project, edition)
        for window in windows:
            noted = _noted(lake, project, window, edition)
            due = [name for name in settings.channels if name in noted or first.get(name, window.end) <= window.start]
            lacking = _lacking(lake, project, edition, window, due)
            if lacking and _is_saved(lake, settings, project, edition, window):
                yield Unsent(window, edition, lacking)
    yield Unsent(today, "day", tuple(settings.channels))


def note_due(lake: Lake, project: str, window: Window, edition: Edition, channels: Sequence[str]) -> None:
    """Note that *channels* are to get a report, before it is made: a run that is killed before sending leaves that."""
    noted = _noted(lake, project, window, edition)
    if not noted.issuperset(channels):
        lake.put_file(_due_path(project, window, edition), json.dumps(sorted(noted.union(channels))).encode())


def _noted(lake: Lake, project: str, window: Window, edition: Edition) -> set[str]:
    content = lake.get_file(_due_path(project, window, edition))
    return set(json.loads(content)) if content else set()


def _due_path(project: str, window: Window, edition: Edition) -> str:
    return f"progress/project={quote(project, safe='')}/due-reports/{edition}={window.start:%Y-%m-%d}.json"


def _earlier(today: Window, lookback_hours: int) -> dict[Edition, list[Window]]:
    days = [Window.of_day(day) for day in today.reaching_back(lookback_hours).days()[:-1]]
    return {"day": days, "week": [_before("week", today)], "month": [_before("month", today)]}


def _before(edition: Edition, today: Window) -> Window:
    return Window.of_edition(edition, (Window.of_edition(edition, today.start.date()).start - DAY).date())


def _first_told(lake: Lake, project: str, edition: Edition) -> dict[str, dt.datetime]:
    """By channel, the start of the first period whose report was sent through it, or failed."""
    rows = lake.sql(FIRST_TOLD, project, parameters={"topics": f"report:{project}:{edition}:"}).to_pylist()
    return {row["channel"]: row["first"] for row in rows}


def _lacking(lake: Lake, project: str, edition: Edition, window: Window, channels: Sequence[str]) -> tuple[str, ...]:
    named = report_id(project, window, edition)
    return tuple(channel for channel in channels if not is_told(lake, project, channel, named, named))


def _is_saved(lake: Lake, settings: ReportSettings, project: str, edition: Edition, window: Window) -> bool:
    names = [FORMATS[each][0] for each in settings.formats]
    return all(lake.get_file(report_path(project, window, name, edition)) is not None for name in names)
