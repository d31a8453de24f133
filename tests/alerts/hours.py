"""Small lakes with spans in hours, and the checks by which an hour counts as ingested."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.shared.records import HOUR, Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import TABLES
from tests.reports.days import DAY, PROJECT, check, span

__all__ = ["DAY", "PROJECT"]


def lake_below(folder: Path) -> Lake:
    """An empty lake."""
    return Lake.open(LakeSettings(root=str(folder / "lake")))


def write(lake: Lake, table: str, rows: list[dict[str, Any]], window: Window, file: str = "part") -> None:
    """Put *rows* into the lake."""
    lake.write(TABLES[table], PROJECT, window, pa.Table.from_pylist(rows, schema=TABLES[table].schema), file)


def ingested(lake: Lake, window: Window, *, success: bool = True) -> None:
    """Note that ingestion took the *window* in."""
    row = check("ExpectSpans", start_time=window.start, end_time=window.end, severity="critical", success=success)
    write(lake, "checks", [row], window, f"spans-{window.start:%Y%m%d%H}-{window.end:%H}")


def traffic(lake: Lake, hour: dt.datetime, good: int, bad: int, first: int = 1, **values: Any) -> None:
    """*good* traces and *bad* ones with an error, a span each, in the *hour*, which is ingested then."""
    window = Window(hour, hour + HOUR)
    rows = [
        span(
            first + number + hour.hour * 1000 + hour.day * 100_000,
            start_time=hour + dt.timedelta(seconds=number),
            status_code="ERROR" if number < bad else "OK",
            **values,
        )
        for number in range(good + bad)
    ]
    write(lake, "spans", rows, window)
    ingested(lake, window)
