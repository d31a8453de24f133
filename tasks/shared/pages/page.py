"""A page as data, and the one template that renders its blocks as HTML."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.shared.pages import charts, heat_map
from tasks.shared.pages.blocks import Block, Cell, Change, Chart, HeatMap, Interval, Link, Number, Table, Text
from tasks.shared.pages.wording import written

HERE = Path(__file__).parent
# What a browser may follow: the web, and a file beside the page.
FOLLOWED = re.compile(r"https?://|(?:[\w.=%@-]+/)*[\w.=%@-]+\.\w+$")


@dataclass(frozen=True)
class Part:
    """A rendered section: its name, title and blocks."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """Everything a page says.

    `brand` says what kind of page it is, `title` and `subtitle` what it is about, `closing` how it is to be read.
    `sources` are links for the footer; `about` says for machines what the page is of (project, edition, start, end).
    """

    brand: str
    title: str
    subtitle: str
    parts: tuple[Part, ...]
    closing: str = ""
    sources: tuple[Link, ...] = ()
    made_at: dt.datetime | None = None
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def warnings(self) -> dict[str, int]:
        """How many warnings each section with any has, by the section's name."""
        counts = {p.name: sum(isinstance(b, Text) and b.tone == "warning" for b in p.blocks) for p in self.parts}
        return {name: count for name, count in counts.items() if count}


def html(page: Page) -> str:
    """One self-contained page: no script, no external request. Every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"svg": charts.svg, "legend": charts.legend, "described": charts.described}
    environment.globals |= {"shade": heat_map.shade, "sums": heat_map.sums}
    environment.filters |= {"written": written, "cell": cell_html, "numeric": is_numeric, "rows_of": chart_table}
    environment.tests |= {
        "table": lambda block: isinstance(block, Table),
        "chart": lambda block: isinstance(block, Chart),
        "heat_map": lambda block: isinstance(block, HeatMap),
        "text": lambda block: isinstance(block, Text),
    }
    style = Markup((HERE / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return environment.get_template("page.html.j2").render(page=page, style=style)


def cell_html(cell: Cell) -> Markup:
    """The cell as escaped HTML; a link only where a browser should follow it: with another scheme it is its text."""
    if isinstance(cell, Link) and followed(cell.url):
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(cell.url, cell.text)
    return Markup("{}").format(written(cell))


def followed(url: str) -> bool:
    """Whether *url* is one to make a link of."""
    return bool(FOLLOWED.match(url))


def is_numeric(table: Table, column: int) -> bool:
    """Whether a column holds numbers, to be set flush right."""
    kinds = [type(row[column]) for row in table.rows if row[column] is not None]
    return bool(kinds) and all(kind in {Number, Interval, Change} for kind in kinds)


def chart_table(chart: Chart) -> Table:
    """The table a chart is drawn from."""
    rows: list[tuple[Cell, ...]] = [
        (str(row[0]), *(Number(None if isinstance(value, str) else value, chart.measure) for value in row[1:]))
        for row in chart.rows
    ]
    return Table(chart.title, (chart.axis, *chart.series), rows)
