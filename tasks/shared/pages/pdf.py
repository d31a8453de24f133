"""A page as PDF: tagged, with text alternatives and its fonts in it; made offline by Typst from `page.typ`."""

import json
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from tasks.shared.errors import NightjarError
from tasks.shared.pages import charts, heat_map
from tasks.shared.pages.blocks import Block, Cell, Chart, HeatMap, Link, Table, Text
from tasks.shared.pages.page import Page, followed, is_numeric
from tasks.shared.pages.wording import written

TEMPLATE = Path(__file__).with_name("page.typ")
# PDF/UA-1: what can be seen can also be heard. Typst refuses to call a document so that is not.
STANDARD: Literal["ua-1"] = "ua-1"
NO_GLYPH = "could not be displayed"


def pdf(page: Page) -> bytes:
    """The page as a PDF/UA-1 document; the same page gives the same bytes.

    A page with letters that no font here has is tagged all the same, and does not claim the standard.

    Raises:
        NightjarError: the page cannot be typeset.
    """
    import typst

    inputs = {"page": json.dumps(_typeset(page), ensure_ascii=False)}
    made_at = int(page.made_at.timestamp()) if page.made_at else 0
    typeset = partial(typst.compile, TEMPLATE.read_bytes(), sys_inputs=inputs, timestamp=made_at)
    try:
        try:
            return cast(bytes, typeset(pdf_standards=STANDARD))
        except typst.TypstError as error:
            if NO_GLYPH not in str(error):
                raise
        return cast(bytes, typeset())
    except typst.TypstError as error:
        problem = " ".join(str(error).split())
        raise NightjarError(
            f"the page of {page.title} cannot be typeset: {problem}. Leave pdf out of reports.formats."
        ) from error


def _typeset(page: Page) -> dict[str, Any]:
    """The page as the template reads it: everything written out, charts drawn."""
    warned = [f"{part.title} ({page.warnings[part.name]})" for part in page.parts if part.name in page.warnings]
    return {
        "brand": page.brand,
        "title": page.title,
        "subtitle": page.subtitle,
        "closing": page.closing,
        "warnings": f"Warnings: {', '.join(warned)}" if warned else "",
        "sources": [_cell(source) for source in page.sources],
        "made": f"Made {page.made_at:%Y-%m-%d %H:%M UTC}." if page.made_at else "",
        "sections": [{"title": part.title, "blocks": [_block(block) for block in part.blocks]} for part in page.parts],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text(text, tone, link):
            return {"type": "text", "tone": tone, "text": text, "link": _cell(link)}
        case Chart():
            legend = [(name, charts.plain_colours(colour)) for name, colour in charts.legend(block)]
            drawn = {"svg": charts.plain_svg(block), "description": charts.described(block), "legend": legend}
            return {"type": "chart", "title": block.title, **drawn}
        case HeatMap():
            return _block(heat_map.as_table(block))
        case Table(rows=[] | ()):
            return {"type": "empty", "title": block.title, "empty": block.empty}
    numeric = [is_numeric(block, i) for i in range(len(block.columns))]
    rows = [[_cell(cell) for cell in row] for row in block.rows]
    about = {"type": block.layout, "title": block.title, "note": block.note}
    return {**about, "columns": block.columns, "numeric": numeric, "rows": rows}


def _cell(cell: Cell) -> dict[str, Any]:
    """Text, and where it leads; a file beside the page is none beside a document that is passed around."""
    url = cell.url if isinstance(cell, Link) and followed(cell.url) and "://" in cell.url else ""
    return {"text": written(cell), "url": url, "present": cell is not None}
