"""Charts as inline SVG. Colours are CSS variables of the page, so one drawing serves light and dark.

Vega-Lite specifications go straight to vl-convert: Altair's classes accept no CSS variable as a colour.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tasks.shared.pages import heat_map
from tasks.shared.pages.blocks import Chart, HeatMap
from tasks.shared.pages.wording import number

WIDTH, HEIGHT, BAND_HEIGHT, LABEL_WIDTH = 340, 150, 26, 130
LEGEND_HEIGHT = 24
COLOURS = ("var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)")
ALARM = "var(--alarm)"
# Roles of groups inside a chart, without names: the chart has one role and one name, as a whole.
INNER_ROLES = re.compile(r'(<g[^<>]*?)((?: (?:role|aria-\w+)="[^"<>]*")+)')
VARIABLE = re.compile(r"var\(--([\w-]+)\)")
# The first definition of each variable in the style sheet is that of light pages.
STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
COLOUR = dict(reversed(re.findall(r"--([\w-]+): (#\w+);", STYLE)))
AXIS_FORMATS = {"share": "~%", "usd": "$,.4~f", "score": ".3~f", "difference": "+.3~f"}
MILLISECONDS = "datum.value >= 1000 ? format(datum.value / 1000, '~r') + ' s' : datum.value + ' ms'"
CONFIG = {
    "aria": False,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "labelFontSize": 11,
        "titleColor": "currentColor",
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "ticks": False,
        "labelPadding": 5,
    },
}


def svg(chart: Chart, key: str) -> Markup:
    """The chart as an `<svg>` with title and description; *key* makes its ids unique in the page."""
    view, body = _drawn(chart).split('viewBox="', 1)[1].split('"', 1)
    body = INNER_ROLES.sub(r"\1", body.split(">", 1)[1])
    opening = Markup(
        '<svg viewBox="{}" role="img" aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title><desc id="{}-d">{}</desc>'
    )
    # vl-convert escapes the labels it draws.
    return opening.format(view, key, key, key, chart.title, key, described(chart)) + Markup(body)  # noqa: S704


def picture(chart: Chart | HeatMap) -> bytes:
    """The chart as PNG in the page's light colours, with its title and legend, for viewers that know no style sheet."""
    import vl_convert

    if isinstance(chart, HeatMap):
        spec = heat_map.specification(chart) | {"config": CONFIG}
    else:
        spec = _with_legend(chart, specification(chart))
    drawn = {**spec, "title": {"text": chart.title, "fontSize": 13}, "background": COLOUR["page"]}
    return bytes(vl_convert.vegalite_to_png(plain_colours(json.dumps(drawn)), scale=2))


def plain_svg(chart: Chart) -> str:
    """The chart as SVG in the page's light colours, for the same."""
    return plain_colours(_drawn(chart))


def _drawn(chart: Chart) -> str:
    return _drawing(json.dumps(specification(chart)))


@lru_cache(maxsize=64)
def _drawing(spec: str) -> str:
    """The drawing of a specification, which a page and its PDF share."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec))


def plain_colours(text: str) -> str:
    """*text* with the page's light colours in place of their names."""
    return VARIABLE.sub(lambda name: COLOUR[name[1]], text).replace("currentColor", COLOUR["text"])


def _with_legend(chart: Chart, drawn: dict[str, Any]) -> dict[str, Any]:
    """The specification with a legend of its own, which pages write beside the drawing."""
    if not legend(chart):
        return drawn
    for part in (drawn, *drawn.get("layer", ())):
        if "color" in part.get("encoding", {}):
            part["encoding"]["color"]["legend"] = {"orient": "bottom", "title": None, "symbolType": "square"}
    return {**drawn, "height": drawn["height"] + LEGEND_HEIGHT}


def described(chart: Chart) -> str:
    """The chart in a sentence: each series' highest and lowest value and where they are."""
    if chart.mark == "dots":
        several = len(chart.series) > 3
        parts = [
            f"{row[0]}{f', {name}' if several else ''} {number(value, chart.measure)}"
            for row in chart.rows
            for name, value, _, _ in dots_of(chart, row)
        ]
        return f"{'; '.join(parts)}." if parts else "No values."
    parts = []
    for index, name in enumerate(chart.series, start=1):
        values = [(value, row[0]) for row in chart.rows if (value := _known(row[index])) is not None]
        if values:
            (high, at_high), (low, at_low) = max(values, key=itemgetter(0)), min(values, key=itemgetter(0))
            highest, lowest = number(high, chart.measure), number(low, chart.measure)
            parts.append(f"{name}: highest {highest} at {at_high}, lowest {lowest} at {at_low}")
    return f"{'; '.join(parts)}." if parts else "No values."


def colours(chart: Chart) -> dict[str, str]:
    """The colour of each series."""
    calm = iter(COLOURS * len(chart.series))
    names = chart.series[::3] if chart.mark == "dots" else chart.series
    return {name: ALARM if name in chart.alarming else next(calm) for name in names}


def specification(chart: Chart) -> dict[str, Any]:
    """The chart's Vega-Lite specification."""
    if chart.mark == "dots":
        bands = len(chart.rows) * (1 + 0.5 * (len(chart.series) // 3 - 1))
        return _page(_dots(chart), round(BAND_HEIGHT * bands) + 40)
    return _page(_over_axis(chart), HEIGHT)


def _page(inner: dict[str, Any], height: int) -> dict[str, Any]:
    size = {"width": WIDTH, "height": height, "autosize": {"type": "fit", "contains": "padding"}}
    return {"background": "transparent", "padding": 4, "config": CONFIG, **size, **inner}


def _over_axis(chart: Chart) -> dict[str, Any]:
    """Bars or lines along a labelled axis."""
    values = [
        {"at": row[0], "series": name, "value": row[i], "order": i}
        for row in chart.rows
        for i, name in enumerate(chart.series, start=1)
    ]
    labels = [row[0] for row in chart.rows]
    step = max(1, round(len(labels) / 6))
    palette = colours(chart)
    mark = {"type": "bar", "binSpacing": 1} if chart.mark == "bars" else {"type": "line", "strokeWidth": 2}
    if chart.mark == "lines":
        mark["point"] = {"size": 14, "filled": True}
    encoding = {
        "x": {"field": "at", "type": "ordinal", "sort": None, "title": None,
              "axis": {"values": labels[::step], "labelAngle": 0, "grid": False, "labelLimit": 70}},
        "y": {"field": "value", "type": "quantitative", "axis": _value_axis(chart)},
        "color": {"field": "series", "type": "nominal", "legend": None,
                  "scale": {"domain": list(palette), "range": list(palette.values())}},
    }  # fmt: skip
    if chart.mark == "bars":
        encoding["order"] = {"field": "order", "type": "quantitative"}
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _dots(chart: Chart) -> dict[str, Any]:
    """A dot and its interval per row and group, one below the other."""
    names = ("at", "series", "value", "low", "high")
    values = [dict(zip(names, (row[0], *dot), strict=True)) for row in chart.rows for dot in dots_of(chart, row)]
    palette = colours(chart)
    # vl-convert measures text in a font of its own; labels need room in the reader's font too.
    room = min(LABEL_WIDTH, max((7 * len(str(row[0])) for row in chart.rows), default=0))
    axis = {"grid": False, "labelLimit": LABEL_WIDTH, "minExtent": room}
    y = {"field": "at", "type": "nominal", "sort": None, "title": None, "axis": axis}
    x: dict[str, Any] = {
        "type": "quantitative",
        "axis": {**_value_axis(chart), "grid": True, "labelOverlap": "parity", "labelSeparation": 8},
    }
    if chart.measure in {"score", "share"}:
        x["scale"] = {"domain": [0, 1]}
    if chart.measure == "difference":
        x["scale"] = {"zero": True}
    shared: dict[str, Any] = {
        "y": y,
        "color": {"field": "series", "type": "nominal", "legend": None,
                  "scale": {"domain": list(palette), "range": list(palette.values())}},
    }  # fmt: skip
    if len(palette) > 1:
        shared["yOffset"] = {"field": "series", "type": "nominal", "sort": list(palette)}
    return {
        "data": {"values": values},
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.55},
             "encoding": {**shared, "x": {**x, "field": "low"}, "x2": {"field": "high"}}},
            {"mark": {"type": "circle", "size": 60, "opacity": 1},
             "encoding": {**shared, "x": {**x, "field": "value"}}},
        ],
    }  # fmt: skip


def dots_of(chart: Chart, row: Sequence[str | float | None]) -> list[tuple[str, float, float | None, float | None]]:
    """The row's dots: group, value, low and high; a group without a value has none."""
    dots = []
    for start, name in enumerate(chart.series[::3]):
        value, low, high = map(_known, row[3 * start + 1 : 3 * start + 4])
        if value is not None:
            dots.append((name, value, low, high))
    return dots


def _value_axis(chart: Chart) -> dict[str, Any]:
    labels = {"labelExpr": MILLISECONDS} if chart.measure == "ms" else {"format": AXIS_FORMATS.get(chart.measure, "~s")}
    return {"title": None, "tickCount": 4, "domain": False, **labels}


def legend(chart: Chart) -> list[tuple[str, str]]:
    """Series name and colour, for the legend in HTML; empty where one series needs none."""
    palette = colours(chart)
    return list(palette.items()) if len(palette) > 1 else []


def _known(value: str | float | None) -> float | None:
    return value if isinstance(value, (int, float)) else None
