"""A page as Markdown, for Prefect's artifacts and for reading in a terminal."""

import re
from dataclasses import replace

from tasks.shared.pages import heat_map
from tasks.shared.pages.blocks import Block, Cell, Chart, HeatMap, Link, Table, Text
from tasks.shared.pages.charts import described
from tasks.shared.pages.page import Page, Part, chart_table, is_numeric
from tasks.shared.pages.wording import written

ESCAPED = re.compile(r"\\([\\`*_\[\]<>|#~$])")
RULER = re.compile(r"^\|(?: -+:? \|)+$")
SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$])")


def markdown(page: Page) -> str:
    """The whole page."""
    title = f"# {escaped(page.title)}, {escaped(page.subtitle)}"
    parts = [section_markdown(part) for part in page.parts]
    sources = " · ".join(cell_markdown(source) for source in page.sources)
    return "\n\n".join(text for text in (title, *parts, sources) if text) + "\n"


def records(part: Part) -> list[dict[str, str]]:
    """The rows of the section's first table as they are shown, by column; links as their address."""
    tables = [block for block in part.blocks if isinstance(block, Table)]
    return [
        {
            column: cell.url if isinstance(cell, Link) else written(cell)
            for column, cell in zip(table.columns, row, strict=True)
        }
        for table in tables[:1]
        for row in table.rows
    ]


def section_markdown(part: Part) -> str:
    """One section."""
    return "\n\n".join([f"## {escaped(part.title)}", *(block_markdown(block) for block in part.blocks)])


def block_markdown(block: Block) -> str:
    """Text as a paragraph, tables and charts as tables."""
    match block:
        case Text(text, tone, link):
            said = f"{escaped(text)} {cell_markdown(link)}" if link else escaped(text)
            return f"> **Warning:** {said}" if tone == "warning" else said
        case Chart():
            return table_markdown(chart_table(block))
        case HeatMap():
            return block_markdown(heat_map.as_table(block))
        case Table(rows=[] | ()):
            return f"**{escaped(block.title)}.** {escaped(block.empty)}"
        case Table(layout="cards"):
            return cards_markdown(block)
    return table_markdown(block)


def cards_markdown(table: Table) -> str:
    """A numbered list: the first cell, below it the others that have a value."""
    lines = [f"**{escaped(table.title)}**", ""]
    for number, (head, *cells) in enumerate(table.rows, start=1):
        lines.append(f"{number}. **{cell_markdown(head)}**")
        named = zip(table.columns[1:], cells, strict=True)
        lines += [f"   - {escaped(name)}: {cell_markdown(cell)}" for name, cell in named if cell is not None]
    return "\n".join([*lines, *(["", escaped(table.note)] if table.note else [])])


def table_markdown(table: Table) -> str:
    """A pipe table under its title, numbers flush right."""
    ruler = ["---:" if is_numeric(table, i) else "---" for i in range(len(table.columns))]
    lines = [[escaped(column) for column in table.columns], ruler]
    lines += [[cell_markdown(cell) for cell in row] for row in table.rows]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    note = f"\n\n{escaped(table.note)}" if table.note else ""
    return f"**{escaped(table.title)}**\n\n{body}{note}"


def cell_markdown(cell: Cell) -> str:
    """The cell as escaped Markdown."""
    if isinstance(cell, Link):
        return f"[{escaped(cell.text)}](<{cell.url.replace('>', '%3E')}>)"
    return escaped(written(cell))


def plain(page: Page) -> str:
    """The page for readers who see no markup: charts as a sentence, links with their address behind them."""
    parts = tuple(replace(part, blocks=[_in_words(block) for block in part.blocks]) for part in page.parts)
    text = markdown(replace(page, parts=parts))
    text = re.sub(r"\[((?:\\.|[^\]\\])*)\]\(<([^>]*)>\)", r"\1 <\2>", text)
    lines = (re.sub(r"^#+ |^> |\*\*", "", line) for line in text.splitlines() if not RULER.match(line))
    return ESCAPED.sub(r"\1", "\n".join(lines)).strip() + "\n"


def _in_words(block: Block) -> Block:
    return Text(f"{block.title}: {described(block)}") if isinstance(block, Chart) else block


def escaped(text: str) -> str:
    """*text* on one line, with nothing in it that Markdown or HTML would act on."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
