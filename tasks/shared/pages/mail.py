"""A page as a mail: tables and inline styles, because mail programs know little else, and charts as pictures.

It stays below what Gmail shows of a mail (102 kB), so long tables and the last sections are left to the page itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.shared.pages import heat_map
from tasks.shared.pages.blocks import Block, Chart, HeatMap, Table, Text
from tasks.shared.pages.charts import COLOUR, described
from tasks.shared.pages.page import Page, Part, cell_html, is_numeric
from tasks.shared.pages.wording import written

HERE = Path(__file__).parent
MOST_CHARTS, MOST_ROWS, MOST_CHARACTERS = 4, 8, 80_000


def charts_in_mail(page: Page) -> dict[str, Chart]:
    """The charts that are shown, by the name of their picture: the first of each section, in the page's order."""
    firsts = ((part.name, next((b for b in part.blocks if isinstance(b, Chart)), None)) for part in page.parts)
    found = {f"{name.replace('_', '-')}.png": chart for name, chart in firsts if chart and chart.rows}
    return dict(list(found.items())[:MOST_CHARTS])


def mail_html(page: Page, shown: Mapping[str, Chart]) -> str:
    """The HTML body; it refers to the pictures of *shown* as `cid:<name>`."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"described": described, "colour": COLOUR, "rows": MOST_ROWS}
    environment.filters |= {"written": written, "cell": cell_html, "numeric": is_numeric, "id": id}
    environment.tests |= {
        "table": lambda block: isinstance(block, Table),
        "text": lambda block: isinstance(block, Text),
    }
    names = {id(chart): name for name, chart in shown.items()}
    template = environment.get_template("mail_section.html.j2")
    parts = [replace(part, blocks=[_as_table(block) for block in part.blocks]) for part in page.parts]
    drawn = [(part, Markup(template.render(part=part, names=names))) for part in parts]  # noqa: S704 - escaped there
    fitting = list(_fitting(drawn))
    left = [part.title for part, _ in drawn[len(fitting) :]]
    return environment.get_template("mail.html.j2").render(page=page, sections=fitting, left=left)


def _as_table(block: Block) -> Block:
    return heat_map.as_table(block) if isinstance(block, HeatMap) else block


def _fitting(drawn: list[tuple[Part, Markup]]) -> Iterator[Markup]:
    room = MOST_CHARACTERS
    for _, section in drawn:
        room -= len(section)
        if room < 0:
            return
        yield section
