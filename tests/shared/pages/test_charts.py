"""Charts as inline SVG."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from tasks.shared.pages.blocks import Chart
from tasks.shared.pages.charts import ALARM, COLOUR, colours, described, legend, picture, svg

BARS = Chart(
    "Spans <by> hour", "bars", "Hour", ("fine", "bad"), [("00:00", 3, 1), ("01:00", 5, None)], alarming=("bad",)
)
LINES = Chart("Latency", "lines", "Hour", ("p50", "p95"), [("00:00", 10.0, 90.0), ("01:00", None, None)], "ms")
DOTS = Chart("Scores", "dots", "Evaluator", ("mean", "low", "high"), [("no_error", 0.9, 0.8, 1.0)], "score")


@pytest.mark.parametrize("chart", [BARS, LINES, DOTS], ids=lambda chart: chart.mark)
def test_a_chart_is_svg_with_a_title_a_description_and_no_reference_outside(chart):
    drawn = svg(chart, "key")
    root = ET.fromstring(drawn)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "key-t key-d"
    assert [child.tag for child in root][:2] == ["title", "desc"]
    assert root[0].text == chart.title
    assert root[1].text == described(chart)
    assert "http" not in drawn
    assert "<script" not in drawn


def test_colours_are_the_page_s_variables_so_that_one_drawing_serves_light_and_dark():
    drawn = svg(BARS, "key")
    assert 'fill="var(--series-1)"' in drawn
    assert f'fill="{ALARM}"' in drawn
    assert "currentColor" in drawn
    assert "#" not in drawn.replace("#key", "")


def test_a_hostile_label_is_text():
    drawn = svg(
        Chart("t", "dots", "x", ("v", "low", "high"), [("<script>alert(1)</script>", 0.5, 0.4, 0.6)], "score"), "k"
    )
    assert "<script" not in drawn
    ET.fromstring(drawn)


def test_the_description_names_the_extremes_and_where_they_are():
    assert described(BARS) == (
        "fine: highest 5 at 01:00, lowest 3 at 00:00; bad: highest 1 at 00:00, lowest 1 at 00:00."
    )
    assert described(DOTS) == "no_error 0.900."
    assert described(Chart("t", "bars", "Hour", ("a",), [("00:00", None)])) == "No values."


def test_an_alarming_series_has_the_warning_colour_and_one_series_needs_no_legend():
    assert colours(BARS) == {"fine": "var(--series-1)", "bad": ALARM}
    assert [name for name, _ in legend(BARS)] == ["fine", "bad"]
    assert legend(Chart("t", "bars", "Hour", ("a",), [])) == []


def test_dots_in_groups_have_a_colour_each_and_leave_out_what_is_missing():
    series = ("raw", "low", "high", "corrected", "low, corrected", "high, corrected")
    rows = [("a", 0.8, 0.7, 0.9, 0.85, 0.6, 1.0), ("b", 0.5, 0.4, 0.6, None, None, None)]
    chart = Chart("t", "dots", "Judge", series, rows, "share")
    assert legend(chart) == [("raw", "var(--series-1)"), ("corrected", "var(--series-2)")]
    assert described(chart) == "a, raw 80.0%; a, corrected 85.0%; b, raw 50.0%."
    root = ET.fromstring(svg(chart, "k"))
    for colour, dots in (("var(--series-1)", 2), ("var(--series-2)", 1)):
        assert sum(p.attrib.get("fill") == colour for p in root.iter()) == dots


def test_every_bar_has_a_height_by_its_value():
    few = svg(Chart("t", "bars", "Hour", ("a",), [("00:00", 1), ("01:00", 4)]), "k")
    bars = [p.attrib["d"] for p in ET.fromstring(few).iter() if p.attrib.get("fill") == "var(--series-1)"]
    heights = [float(d.split("v")[1].split("h")[0]) for d in bars]
    assert heights[1] == pytest.approx(4 * heights[0])


def test_a_picture_has_colours_of_its_own():
    chart = Chart("Difference", "dots", "Metric", ("value", "low", "high"), [("a", -0.1, -0.2, 0.1)], "difference")
    assert picture(chart).startswith(b"\x89PNG")
    assert picture(chart) != picture(replace(chart, rows=[("a", 0.1, -0.2, 0.1)]))
    assert all(re.fullmatch(r"#[0-9a-f]{6}", COLOUR[name]) for name in ("page", "text", "line", "series-1", "alarm"))
    assert COLOUR["page"] == "#fbfbfa"
