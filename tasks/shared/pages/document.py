"""A page as JSON: what `page.schema.json` beside this file describes. Values are raw, with their measure."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from tasks.shared.pages import heat_map
from tasks.shared.pages.blocks import Block, Cell, Change, Chart, HeatMap, Interval, Link, Number, Table, Text
from tasks.shared.pages.page import Page

SCHEMA_FILE = Path(__file__).with_name("page.schema.json")
VERSION = 1


def document(page: Page) -> dict[str, Any]:
    """The page as JSON types; the same page gives the same document."""
    return {
        "version": VERSION,
        "brand": page.brand,
        "title": page.title,
        "subtitle": page.subtitle,
        "about": dict(page.about),
        "made_at": page.made_at.isoformat() if page.made_at else None,
        "closing": page.closing,
        "sources": [{"text": source.text, "url": source.url} for source in page.sources],
        "warnings": page.warnings,
        "sections": [
            {"name": part.name, "title": part.title, "blocks": [block_document(block) for block in part.blocks]}
            for part in page.parts
        ],
    }


def document_json(page: Page) -> bytes:
    """The document as UTF-8 text."""
    return json.dumps(document(page), ensure_ascii=False, indent=1, allow_nan=False).encode()


def block_document(block: Block) -> dict[str, Any]:
    """A block, told apart by `type`."""
    match block:
        case Text(text, tone, link):
            return {"type": "text", "tone": tone, "text": text, "link": cell_document(link)}
        case Table():
            rows = [[cell_document(cell) for cell in row] for row in block.rows]
            about = {"type": "table", "title": block.title, "note": block.note, "empty": block.empty}
            return {**about, "layout": block.layout, "columns": list(block.columns), "rows": rows}
        case HeatMap():
            return block_document(heat_map.as_table(block))
        case Chart():
            about = {"type": "chart", "title": block.title, "mark": block.mark, "measure": block.measure}
            rows = [[_finite(value) for value in row] for row in block.rows]
            return {**about, "axis": block.axis, "series": list(block.series), "rows": rows}


def cell_document(cell: Cell) -> Any:
    """A cell: text as text, nothing as null, all else as an object whose keys tell what it is."""
    match cell:
        case None | str():
            return cell
        case Number(value, measure):
            return {"value": _finite(value), "measure": measure}
        case Interval(low, high, measure):
            return {"low": _finite(low), "high": _finite(high), "measure": measure}
        case Change(value, low, high, measure):
            ends = {"low": _finite(low), "high": _finite(high)}
            return {"change": _finite(value), **ends, "measure": measure, "moved": cell.moved}
        case Link(text, url):
            return {"text": text, "url": url}
        case dt.datetime():
            return {"time": cell.isoformat()}


def _finite(value: str | float | None) -> str | float | None:
    """JSON has no infinity and no nan: a number that is none is null."""
    return None if isinstance(value, float) and value - value != 0 else value
