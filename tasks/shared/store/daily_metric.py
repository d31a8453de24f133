"""What a metric was on each day, as tracking published it."""

import datetime as dt

from tasks.shared.records import Window
from tasks.shared.store.lake import Lake

# Eight weeks of rhythm, and all of the month before.
DAYS_BACK = 70
VALUES = "SELECT start_time, value FROM metrics WHERE name = $name AND dimension = ''"


def daily_metric(
    lake: Lake, project: str, name: str, until: dt.date, days_back: int = DAYS_BACK
) -> dict[dt.date, float]:
    """Values of the metric *name* by UTC day up to *until* (included), of the days that have it, oldest first."""
    window = Window(Window.of_day(until - dt.timedelta(days=days_back)).start, Window.of_day(until).end)
    rows = lake.sql(VALUES, project, window, {"name": name}).to_pylist()
    return {row["start_time"].date(): row["value"] for row in sorted(rows, key=lambda row: row["start_time"])}
