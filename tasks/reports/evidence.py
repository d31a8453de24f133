"""What a section is given: the day, its rows in the lake, and links to what is behind them."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from tasks.reports.links import Links
from tasks.shared.pages.blocks import Block
from tasks.shared.records import Metric, Window
from tasks.shared.store.lake import Lake

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Evidence:
    """One project and day, and where its rows and traces are."""

    lake: Lake
    project: str
    window: Window
    links: Links

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of *query* over the day; the tables of the lake are views, parameters are DuckDB's `$name`."""
        found = self.lake.sql(query, self.project, self.window, parameters)
        # DuckDB sums whole numbers as 128-bit ones, which Arrow can hold as decimals only.
        plain = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in found.schema]
        rows: list[dict[str, Any]] = found.cast(pa.schema(plain)).to_pylist()
        return rows

    def by_hour(self, query: str, missing: float | None = None) -> list[tuple[str | float | None, ...]]:
        """One row for each hour of the day, `05:00` first; *query* gives `hour` (0-23), then at least one value.

        An hour without spans has *missing* for every value.
        """
        found = {row.pop("hour"): tuple(row.values()) for row in self.rows(query)}
        width = max((len(values) for values in found.values()), default=1)
        nothing = (missing,) * width
        return [(f"{hour:%H:%M}", *found.get(hour.hour, nothing)) for hour in self.window.hours()]

    @cached_property
    def metrics(self) -> dict[tuple[str, str], Metric]:
        """The day's metrics by name and dimension; empty when tracking has not run for the day."""
        found = self.rows("SELECT * EXCLUDE (start_time, end_time) FROM metrics")
        return {(row["name"], row["dimension"]): Metric(**row) for row in found}

    def week_before(self) -> "Evidence":
        """The same weekday, seven days earlier."""
        return Evidence(self.lake, self.project, Window(self.window.start - WEEK, self.window.end - WEEK), self.links)


@dataclass(frozen=True)
class Section:
    """A part of the report. The name is the name of the file that declares it; sections appear by ascending *order*."""

    order: int
    title: str
    build: Callable[[Evidence], Sequence[Block]]
