"""What a section is given: the day, week or month, its rows in the lake, and links to what is behind them."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from tasks.reports.links import Links
from tasks.shared.pages.blocks import Block
from tasks.shared.records import DAY, HOUR, Edition, Metric, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake

WEEK = dt.timedelta(days=7)
METRICS: dict[Edition, str] = {
    "day": "SELECT * EXCLUDE (start_time, end_time) FROM metrics",
    "week": "SELECT * EXCLUDE (start_time, end_time, edition) FROM period_metrics WHERE edition = 'week'",
    "month": "SELECT * EXCLUDE (start_time, end_time, edition) FROM period_metrics WHERE edition = 'month'",
}
BEFORE: dict[Edition, str] = {"day": "A week before", "week": "The week before", "month": "The month before"}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Evidence:
    """One project and day, week or month, and where its rows and traces are.

    *edition* is also the word for it in sentences: nothing on this day, week, month. *made_at* is when it is reported.
    """

    lake: Lake
    project: str
    window: Window
    links: Links
    settings: Settings
    edition: Edition = "day"
    made_at: dt.datetime = field(default_factory=_now)

    @classmethod
    def open(cls, settings: Settings, project: str, window: Window, edition: Edition = "day") -> "Evidence":
        """That of the lake and the Phoenix of *settings*, now; *window* is the whole of the edition."""
        return cls(Lake.open(settings.lake), project, window, Links(settings.phoenix.url), settings, edition)

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of *query* over the window; the tables of the lake are views, parameters are DuckDB's `$name`."""
        found = self.lake.sql(query, self.project, self.window, parameters)
        # DuckDB sums whole numbers as 128-bit ones, which Arrow can hold as decimals only.
        plain = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in found.schema]
        rows: list[dict[str, Any]] = found.cast(pa.schema(plain)).to_pylist()
        return rows

    @property
    def step(self) -> str:
        """What charts go by: the hours of a day, the days of anything longer."""
        return "hour" if self.edition == "day" else "day"

    def over_time(self, query: str, missing: float | None = None) -> list[tuple[str | float | None, ...]]:
        """One row for each hour of a day (`05:00`), or each day of a week or month (`19 Nov`), oldest first.

        *query* gives `slot`, which is `date_trunc($step, start_time)`, then at least one value. A slot without spans
        has *missing* for every value.
        """
        found = {row.pop("slot"): tuple(row.values()) for row in self.rows(query, step=self.step)}
        width = max((len(values) for values in found.values()), default=1)
        nothing = (missing,) * width
        form, long = ("%H:%M", HOUR) if self.edition == "day" else ("%-d %b", DAY)
        slots = (self.window.start + i * long for i in range((self.window.end - self.window.start) // long))
        return [(slot.strftime(form), *found.get(slot, nothing)) for slot in slots]

    def time_of(self, at: dt.datetime) -> dt.datetime | str:
        """*at* as a cell: the time of day, with its date where that is not the only one."""
        return at if self.edition == "day" else f"{at:%-d %b %H:%M}"

    @cached_property
    def metrics(self) -> dict[tuple[str, str], Metric]:
        """The published metrics by name and dimension; empty when tracking has not run for the day, week or month."""
        return {(row["name"], row["dimension"]): Metric(**row) for row in self.rows(METRICS[self.edition])}

    @cached_property
    def before(self) -> "Evidence":
        """What this is compared with: the same weekday a week earlier, or the week or month before."""
        if self.edition == "month":
            return replace(self, window=Window.of_edition("month", (self.window.start - DAY).date()))
        return replace(self, window=Window(self.window.start - WEEK, self.window.end - WEEK))

    @property
    def called_before(self) -> str:
        """How `before` is called, as the head of a column."""
        return BEFORE[self.edition]


@dataclass(frozen=True)
class Section:
    """A part of the report. The name is the name of the file that declares it; sections appear by ascending *order*."""

    order: int
    title: str
    build: Callable[[Evidence], Sequence[Block]]
