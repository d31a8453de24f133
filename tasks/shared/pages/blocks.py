"""What a section is made of: text, tables and charts, as data. Renderers decide how they look."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Measure = Literal["count", "tokens", "share", "points", "ms", "usd", "score", "change", "difference", "number"]
Tone = Literal["plain", "note", "warning"]
Mark = Literal["bars", "lines", "dots"]


@dataclass(frozen=True)
class Number:
    """A number and what it measures; None is shown as a dash.

    `change` is a ratio: 0.12 is 12 % more; `difference` is one of scores, `points` one of shares.
    """

    value: float | None
    measure: Measure = "count"


@dataclass(frozen=True)
class Interval:
    """A 95 % interval; a dash where one end is unknown."""

    low: float | None
    high: float | None
    measure: Measure = "number"


@dataclass(frozen=True)
class Link:
    """Text that leads to its evidence."""

    text: str
    url: str


@dataclass(frozen=True)
class Change:
    """How far a figure moved, and the 95 % interval of that; None where there is none.

    Written with an arrow only where the interval leaves out that nothing moved: noise is no news.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    measure: Measure = "change"

    @property
    def moved(self) -> bool | None:
        """Whether it is seen to have moved; None where there is no interval to tell by."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return self.low > 0 or self.high < 0


Cell = str | Number | Interval | Change | Link | dt.datetime | None


@dataclass(frozen=True)
class Text:
    """A sentence or two, and where more of it is; a `warning` is also counted at the top of the page."""

    text: str
    tone: Tone = "plain"
    link: Link | None = None


@dataclass(frozen=True)
class Table:
    """Rows of cells. `layout="tiles"` shows each row as a tile: its label, its value, then the rest in small print.

    `layout="cards"` is for long texts: each row is headed by its first cell, the other cells stand below it under their
    columns' names, side by side where there is room; cells without a value are left out. `empty` is the sentence that
    stands where the table has no rows.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    empty: str = "There is nothing to show."
    note: str = ""
    layout: Literal["rows", "tiles", "cards"] = "rows"


@dataclass(frozen=True)
class Chart:
    """A small chart; also shown as the table it is drawn from.

    Each row is a label on the axis called *axis*, then one value per series. `bars` stack the series, `lines` draw one
    line each, `dots` take value, low and high, or several groups of these three; a group is called as its value. A
    series whose name is in `alarming` has the warning colour.
    """

    title: str
    mark: Mark
    axis: str
    series: tuple[str, ...]
    rows: Sequence[tuple[str | float | None, ...]]
    measure: Measure = "count"
    alarming: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeatMap:
    """Counts by a row's and a column's label, each written in its cell, the cell shaded by its count, with sums.

    `rows_are` and `columns_are` say what the labels are. The table is its own text alternative.
    """

    title: str
    rows_are: str
    columns_are: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    empty: str = "Nothing to count."
    note: str = ""


Block = Text | Table | Chart | HeatMap
