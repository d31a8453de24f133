"""The tables and charts of a page as CSV files in one zip, with raw values: a share of 12 % is 0.12."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence

from tasks.shared.pages import heat_map
from tasks.shared.pages.blocks import Cell, Change, Chart, HeatMap, Interval, Link, Number, Table
from tasks.shared.pages.page import Page, chart_table

# What a spreadsheet would take for a formula: texts come from the traffic.
FORMULA = re.compile(r"^[\s'=+\-@]")
# The same content gives the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
FURTHER: dict[type, tuple[str, ...]] = {Interval: ("low", "high"), Change: ("", "low", "high"), Link: ("", "link")}


def csv_zip(page: Page) -> bytes:
    """One file for each table and chart that has rows, called after its section and title."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in named_tables(page):
            entry = zipfile.ZipInfo(f"{name}.csv", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, csv_text(table).encode("utf-8-sig"))
    return content.getvalue()


def named_tables(page: Page) -> Iterator[tuple[str, Table]]:
    """The tables that have rows, charts among them, each with a name of its own."""
    seen: dict[str, int] = {}
    for part in page.parts:
        for block in part.blocks:
            table = chart_table(block) if isinstance(block, Chart) else block
            table = heat_map.as_table(table) if isinstance(table, HeatMap) else table
            if isinstance(table, Table) and table.rows:
                name = f"{part.name}-{re.sub(r'[^a-z0-9]+', '-', table.title.lower()).strip('-')}"
                seen[name] = seen.get(name, 0) + 1
                yield name if seen[name] == 1 else f"{name}-{seen[name]}", table


def csv_text(table: Table) -> str:
    """The table with a head; an interval, a change and a link have a column for each of their parts."""
    kinds = [_kind([row[i] for row in table.rows]) for i in range(len(table.columns))]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([head for name, kind in zip(table.columns, kinds, strict=True) for head in _heads(name, kind)])
    for row in table.rows:
        writer.writerow([value for cell, kind in zip(row, kinds, strict=True) for value in _values(cell, kind)])
    return text.getvalue()


def _kind(cells: Sequence[Cell]) -> type:
    """The kind that needs most columns."""
    return max((type(cell) for cell in cells), key=lambda kind: len(FURTHER.get(kind, ("",))))


def _heads(name: str, kind: type) -> list[str]:
    return [_text(f"{name} {further}".strip()) for further in FURTHER.get(kind, ("",))]


def _values(cell: Cell, kind: type) -> list[str | float | None]:
    match cell:
        case Number(value, _):
            found: list[str | float | None] = [value]
        case Interval(low, high, _):
            found = [low, high]
        case Change(value, low, high, _):
            found = [value, low, high]
        case Link(text, url):
            found = [_text(text), url]
        case dt.datetime():
            found = [cell.isoformat()]
        case None:
            found = []
        case _:
            found = [_text(cell)]
    return found + [None] * (len(FURTHER.get(kind, ("",))) - len(found))


def _text(text: str) -> str:
    """*text*, with an apostrophe before what a spreadsheet would run, or would take for such an apostrophe."""
    return f"'{text}" if FORMULA.match(text) else text
