"""Two small tables and their rows, for tests of the lake."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from tasks.shared.records import Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import FLOAT, INTEGER, TEXT, TIME, Column, Table

DAY = Window.of_day(dt.date(2026, 11, 19))
PROJECT = "shop/eu 1"

# Named like a declared table, so that the lake's own SQL finds them.
MERGED = Table(
    name="spans",
    doc="",
    key=("id",),
    columns=(
        Column("id", TEXT, "", required=True),
        Column("start_time", TIME, "", required=True),
        Column("value", INTEGER, ""),
        Column("written_at", FLOAT, "", volatile=True),
    ),
)
REPLACED = replace(MERGED, rewrite="replace")
DAILY = replace(MERGED, name="metrics", grain="day", rewrite="replace")


def hours(first: int, last: int) -> Window:
    """A window of hours of DAY."""
    return Window(DAY.start + dt.timedelta(hours=first), DAY.start + dt.timedelta(hours=last))


def rows(*given: tuple[str, float, int | None], written_at: float = 0.0) -> pa.Table:
    """Rows of (id, hour of DAY, value)."""
    return pa.table(
        {
            "id": [g[0] for g in given],
            "start_time": [DAY.start + dt.timedelta(hours=g[1]) for g in given],
            "value": [g[2] for g in given],
            "written_at": [written_at] * len(given),
        },
        schema=MERGED.schema,
    )


def triples(table: pa.Table) -> list[tuple[str, float, int | None]]:
    """What `rows` was given, in order of time and id."""
    found: Sequence[dict] = table.to_pylist()
    return [(r["id"], (r["start_time"] - DAY.start) / dt.timedelta(hours=1), r["value"]) for r in found]


def stored(lake: Lake, table: Table, query: str, window: Window | None = None) -> pa.Table:
    """What *query* finds in the stored *table*, which the lake itself does not know."""
    with lake.local_files(lake.files(table, PROJECT, window)) as files, lake.connection() as connection:
        lake.attach(connection, table, files, window)
        return connection.sql(query).to_arrow_table()
