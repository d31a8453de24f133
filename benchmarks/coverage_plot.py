"""The picture of the coverage benchmark: docs/pictures/coverage.svg, which follows the reader's colour scheme."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from tasks.shared.pages.charts import CONFIG

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "coverage.svg"
STYLE = (
    "<style>svg{color:#1d2430;--line:#d0d5dd;--band:#ecf8f1;--series-1:#b7791f;--series-2:#3a6fd0;--series-3:#7a4fb5}"
    "@media(prefers-color-scheme:dark){svg{color:#e6e9ef;--line:#3a4352;--band:#17302a;--series-1:#e0b252;"
    "--series-2:#7fa8f0;--series-3:#b795e6}}</style>"
)
DESCRIPTION = "Coverage of the 95 % intervals by estimator and true pass rate, with the goal of 93 to 97 % as a band"
# Estimators below it are left out: those that are only there for comparison.
LEAST = 0.90
# vl-convert measures text in a font of its own; labels need room in the reader's font too.
LABEL_WIDTH = 230


@dataclass(frozen=True)
class Coverage:
    """How often an estimator's intervals held the truth, their mean width, and over how many nights.

    `refused` is the share of nights without an interval.
    """

    estimator: str
    pass_rate: float
    covered: float
    width: float
    nights: int
    refused: float


def draw_coverage(measured: Sequence[Coverage], lowest: float, highest: float) -> None:
    """Write the picture."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(specification(measured, lowest, highest))
    opening, body = drawn.split(">", 1)
    PICTURE.write_text(f'{opening} role="img"><title>{DESCRIPTION}</title>{STYLE}{body}\n', encoding="utf-8")


def specification(measured: Sequence[Coverage], lowest: float, highest: float) -> dict[str, Any]:
    """A point with its simulation error for each estimator and true rate, over the band of the goal."""
    shown = [one for one in measured if one.covered >= LEAST]
    values = [
        {
            "estimator": one.estimator,
            "rate": f"{one.pass_rate:.0%}",
            "covered": one.covered,
            "low": one.covered - 1.96 * sqrt(one.covered * (1 - one.covered) / one.nights),
            "high": one.covered + 1.96 * sqrt(one.covered * (1 - one.covered) / one.nights),
        }
        for one in shown
    ]
    colour = {
        "field": "rate",
        "type": "nominal",
        "title": "truly good",
        "scale": {"range": [f"var(--series-{i})" for i in (1, 2, 3)]},
        "legend": {"orient": "top", "labelColor": "currentColor", "titleColor": "currentColor", "symbolOpacity": 1},
    }
    x = {
        "type": "quantitative",
        "title": "share of nights whose interval holds the truth",
        "scale": {"domain": [LEAST, 1], "nice": False},
        "axis": {"format": ".0%", "tickCount": 5},
    }
    y = {
        "field": "estimator",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": LABEL_WIDTH, "minExtent": LABEL_WIDTH},
    }
    row = {"y": y, "yOffset": {"field": "rate"}, "color": colour}
    return {
        "background": "transparent",
        "padding": 8,
        "config": CONFIG,
        "width": 420,
        "height": {"step": 12},
        "data": {"values": values},
        "layer": [
            {
                "data": {"values": [{"from": lowest, "to": highest}]},
                "mark": {"type": "rect", "color": "var(--band)"},
                "encoding": {"x": {**x, "field": "from"}, "x2": {"field": "to"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {**row, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {"mark": {"type": "circle", "size": 40, "opacity": 1}, "encoding": {**row, "x": {**x, "field": "covered"}}},
        ],
    }
