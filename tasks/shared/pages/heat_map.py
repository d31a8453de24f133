"""A heat map as cells of a table, as the plain table for Markdown, and as a picture."""

from typing import Any

from tasks.shared.pages.blocks import Cell, HeatMap, Number, Table

SHADES = 6
CELL_WIDTH, CELL_HEIGHT = 62, 26


def shade(heat_map: HeatMap, count: int) -> int:
    """How dark the cell of *count* is: 0 for none, up to `SHADES` for the largest."""
    largest = max((max(row) for row in heat_map.counts), default=0)
    return -(-SHADES * count // largest) if largest else 0


def sums(heat_map: HeatMap) -> list[int]:
    """The sum of each column."""
    return [sum(column) for column in zip(*heat_map.counts, strict=True)]


def as_table(heat_map: HeatMap) -> Table:
    """The same as a table with a sum for each row and column."""
    rows: list[tuple[Cell, ...]] = [
        (label, *map(Number, counts), Number(sum(counts)))
        for label, counts in zip(heat_map.rows, heat_map.counts, strict=True)
    ]
    if rows:
        below = sums(heat_map)
        rows.append(("Sum", *map(Number, below), Number(sum(below))))
    head = (f"{heat_map.rows_are} / {heat_map.columns_are}", *heat_map.columns, "Sum")
    return Table(heat_map.title, head, rows, heat_map.empty, heat_map.note)


def specification(heat_map: HeatMap) -> dict[str, Any]:
    """The heat map's Vega-Lite specification, with every count above 0 in its cell."""
    values = [
        {"row": row, "column": column, "count": count}
        for row, counts in zip(heat_map.rows, heat_map.counts, strict=True)
        for column, count in zip(heat_map.columns, counts, strict=True)
        if count
    ]
    axis = {"grid": False, "ticks": False, "domain": False}
    place = {
        "x": {"field": "column", "type": "ordinal", "sort": list(heat_map.columns), "title": heat_map.columns_are,
              "axis": {**axis, "labelAngle": -40}},
        "y": {"field": "row", "type": "ordinal", "sort": list(heat_map.rows), "title": heat_map.rows_are,
              "axis": axis},
    }  # fmt: skip
    largest = max((max(row) for row in heat_map.counts), default=0) or 1
    shades = {"domain": [0, largest], "range": ["var(--heat-low)", "var(--heat-high)"]}
    return {
        "data": {"values": values},
        "width": {"step": CELL_WIDTH},
        "height": {"step": CELL_HEIGHT},
        "encoding": place,
        "layer": [
            {"mark": {"type": "rect"},
             "encoding": {"color": {"field": "count", "type": "quantitative", "legend": None, "scale": shades}}},
            {"mark": {"type": "text", "fontSize": 12},
             "encoding": {"text": {"field": "count", "type": "quantitative"},
                          "color": {"condition": {"test": f"datum.count > {largest / 2}", "value": "var(--page)"},
                                    "value": "currentColor"}}},
        ],
    }  # fmt: skip
