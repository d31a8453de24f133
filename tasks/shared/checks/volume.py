"""How many rows are usual: the same weekday and hours of previous weeks, from the lake."""

import datetime as dt
from statistics import median

from tasks.shared.records import Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import Table

WEEKS = 4
WEEK = dt.timedelta(days=7)


def usual_rows(lake: Lake, table: Table, project: str, window: Window) -> float | None:
    """Median row count of *window* 1 to 4 weeks earlier, over the weeks that have any; None when none has."""
    earlier = [Window(window.start - n * WEEK, window.end - n * WEEK) for n in range(1, WEEKS + 1)]
    counts = [stored_rows(lake, table, project, week) for week in earlier if lake.files(table, project, week)]
    return float(median(counts)) if counts else None


def stored_rows(lake: Lake, table: Table, project: str, window: Window) -> int:
    """Rows of *table* in *window*."""
    counted = lake.sql(
        f"SELECT count(*) FROM {table.name} WHERE {table.time} >= $start AND {table.time} < $end",
        project,
        window,
        {"start": window.start, "end": window.end},
    )
    return int(counted.column(0)[0].as_py())
