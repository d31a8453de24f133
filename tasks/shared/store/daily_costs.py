"""What each day cost, by the metrics that tracking published."""

import datetime as dt

from tasks.shared.records import Window
from tasks.shared.store.lake import Lake

# Eight weeks of rhythm, and all of the month before.
DAYS_BACK = 70
COSTS = "SELECT start_time, value FROM metrics WHERE name = 'cost_usd' AND dimension = ''"


def daily_costs(lake: Lake, project: str, until: dt.date, days_back: int = DAYS_BACK) -> dict[dt.date, float]:
    """USD by UTC day up to *until* (included), of the days that have metrics."""
    window = Window(Window.of_day(until - dt.timedelta(days=days_back)).start, Window.of_day(until).end)
    rows = lake.sql(COSTS, project, window).to_pylist()
    return {row["start_time"].date(): row["value"] for row in sorted(rows, key=lambda row: row["start_time"])}
