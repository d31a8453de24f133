"""Heat maps: the counts are exact in every form."""

import re

from tasks.shared.pages.blocks import HeatMap
from tasks.shared.pages.charts import picture
from tasks.shared.pages.csv_tables import named_tables
from tasks.shared.pages.document import document
from tasks.shared.pages.heat_map import shade
from tasks.shared.pages.markdown import block_markdown
from tasks.shared.pages.page import Page, Part, html
from tasks.shared.pages.pdf import pdf

MAP = HeatMap("Steps", "last success", "first failure", ("none", "<Plan>"), ("Parse", "Get"), ((12, 0), (0, 3)))


def shown(block: HeatMap) -> str:
    return html(Page("b", "t", "s", (Part("p", "P", [block]),)))


def test_every_count_and_sum_stands_in_the_page_under_its_labels():
    page = shown(MAP)
    cells = re.findall(r'<td class="n(?: h(\d))?">(\d+)</td>', page)
    assert cells == [
        ("6", "12"),
        ("0", "0"),
        ("", "12"),
        ("0", "0"),
        ("2", "3"),
        ("", "3"),
        ("", "12"),
        ("", "3"),
        ("", "15"),
    ]
    assert '<th scope="row">&lt;Plan&gt;</th>' in page
    assert "last success" in page
    assert '<th scope="colgroup" colspan="3">first failure</th>' in page


def test_markdown_has_the_same_counts():
    text = block_markdown(MAP)
    assert "| none | 12 | 0 | 12 |" in text
    assert "| Sum | 12 | 3 | 15 |" in text


def test_one_of_many_is_shaded_too_and_nothing_is_not():
    wide = HeatMap("t", "r", "c", ("a",), ("x", "y", "z"), ((1000, 1, 0),))
    assert [shade(wide, count) for count in wide.counts[0]] == [6, 1, 0]
    assert "Nothing to count." in shown(HeatMap("t", "r", "c", (), (), ()))


def test_the_picture_is_png():
    assert picture(MAP).startswith(b"\x89PNG")


def test_files_and_pdf_have_the_counts_as_a_table():
    page = Page("b", "t", "s", (Part("p", "P", [MAP]),))
    (table,) = document(page)["sections"][0]["blocks"]
    assert [[cell if isinstance(cell, str) else cell["value"] for cell in row] for row in table["rows"]] == [
        ["none", 12, 0, 12], ["<Plan>", 0, 3, 3], ["Sum", 12, 3, 15],
    ]  # fmt: skip
    assert [(name, len(found.rows)) for name, found in named_tables(page)] == [("p-steps", 3)]
    assert pdf(page).startswith(b"%PDF")
