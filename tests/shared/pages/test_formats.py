"""One page as JSON, CSV and PDF: everything is in each of them, and nothing in them acts."""

import csv
import datetime as dt
import io
import json
import zipfile

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.errors import NightjarError
from tasks.shared.pages.blocks import Change, Chart, Interval, Link, Number, Table, Text
from tasks.shared.pages.csv_tables import csv_text, csv_zip, named_tables
from tasks.shared.pages.document import SCHEMA_FILE, document, document_json
from tasks.shared.pages.markdown import block_markdown
from tasks.shared.pages.page import Page, Part, cell_html, html
from tasks.shared.pages.pdf import pdf

SCHEMA = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
NOON = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
LINK = Link("latest", "https://phoenix.test/redirects/spans/1")
HOSTILE = '#panic("x") $x$ @y <z> \\ "\' =1+1 *b* _i_ `c` // gone'
ROWS = Table(
    "Rates",
    ("Name", "Rate", "95 %", "Change", "At", "Evidence", "Nothing"),
    [
        ("a", Number(0.125, "share"), Interval(0.1, 0.15), Change(0.02, 0.01, 0.03, "points"), NOON, LINK, None),
        (HOSTILE, Number(float("nan")), Interval(None, None), None, NOON, None, None),
    ],
    note="Of all.",
)  # fmt: skip
BLOCKS = (
    Text("Look out.", "warning", LINK),
    Text("Plain."),
    ROWS,
    Table("Tiles", ("Figure", "Value", "n"), [("Spans", Number(20), Number(20))], layout="tiles"),
    Table("Cards", ("Question", "Answer"), [("Why?", "Because.")], layout="cards"),
    Table("None", ("a",), [], empty="Nothing was there."),
    Chart("Spans by hour", "bars", "Hour", ("fine", "failed"), [("00:00", 1, 0), ("01:00", None, 2)]),
    Chart("Scores", "dots", "Name", ("mean", "low", "high"), [("a", 0.5, 0.4, 0.6)], "score"),
)
PAGE = Page(
    "Nightjar morning report",
    "shop",
    "Thursday 19 November 2026, UTC",
    (Part("errors", "Errors", BLOCKS), Part("later", "Later", [ROWS])),
    "How to read it.",
    (LINK,),
    NOON,
    {"project": "shop", "edition": "day"},
)


def test_the_document_is_what_its_schema_says():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(document_json(PAGE)))
    jsonschema.Draft202012Validator(SCHEMA).validate(document(Page("b", "t", "s", ())))


def test_the_schema_refuses_what_the_page_does_not_say():
    wrong = document(PAGE)
    wrong["sections"][0]["blocks"][0]["tone"] = "shouting"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(wrong)


def test_cells_are_raw_values_with_their_measure():
    table = document(PAGE)["sections"][0]["blocks"][2]
    first, second = table["rows"]
    assert first[1] == {"value": 0.125, "measure": "share"}
    assert first[3] == {"change": 0.02, "low": 0.01, "high": 0.03, "measure": "points", "moved": True}
    assert first[4] == {"time": "2026-11-19T12:00:00+00:00"}
    assert second[1] == {"value": None, "measure": "count"}
    assert document(PAGE)["sections"][0]["blocks"][0]["link"] == {"text": "latest", "url": LINK.url}


def read(table):
    return list(csv.reader(io.StringIO(csv_text(table), newline="")))


def test_intervals_changes_and_links_have_a_column_for_each_of_their_parts():
    head, first, second = read(ROWS)
    assert head == [
        *("Name", "Rate", "95 % low", "95 % high", "Change", "Change low", "Change high", "At"),
        *("Evidence", "Evidence link", "Nothing"),
    ]
    assert first == [
        "a", "0.125", "0.1", "0.15", "0.02", "0.01", "0.03", "2026-11-19T12:00:00+00:00", "latest", LINK.url, "",
    ]  # fmt: skip
    assert second[0] == HOSTILE
    assert second[2:7] == [""] * 5


def test_every_table_and_chart_is_a_file_of_the_zip_and_the_same_page_gives_the_same_bytes():
    with zipfile.ZipFile(io.BytesIO(csv_zip(PAGE))) as archive:
        assert archive.namelist() == [
            *("errors-rates.csv", "errors-tiles.csv", "errors-cards.csv", "errors-spans-by-hour.csv"),
            *("errors-scores.csv", "later-rates.csv"),
        ]
        text = archive.read("errors-spans-by-hour.csv").decode("utf-8-sig")
    assert text == "Hour,fine,failed\r\n00:00,1,0\r\n01:00,,2\r\n"
    assert csv_zip(PAGE) == csv_zip(PAGE)


def test_two_tables_of_one_title_do_not_share_a_file():
    twice = Page("b", "t", "s", (Part("p", "P", [ROWS, ROWS]),))
    assert [name for name, _ in named_tables(twice)] == ["p-rates", "p-rates-2"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1"])
def test_a_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    assert read(Table("t", ("a",), [(text,)]))[1] == [f"'{text}"]


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "-1"])
def test_a_head_that_a_spreadsheet_would_run_begins_with_an_apostrophe_in_each_of_its_columns(text):
    table = Table("t", (text,), [(Interval(0.1, 0.2),)])
    assert read(table)[0] == [f"'{text} low", f"'{text} high"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1), st.floats(allow_nan=False))
def test_texts_and_numbers_come_back_from_csv_as_they_were(text, number):
    _, (said, value) = read(Table("t", ("a", "b"), [(text, Number(number))]))
    assert said.removeprefix("'") == text.removeprefix("'") or said == f"'{text}"
    assert float(value) == number


@pytest.fixture(scope="module")
def reader():
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(pdf(PAGE)))


def text_of(reader):
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_a_pdf_holds_all_the_texts_and_runs_none_of_them(reader):
    text = text_of(reader)
    for said in (
        "Thursday 19 November 2026",
        "Look out.",
        "12.5%",
        "Because.",
        "Nothing was there.",
        "How to read it.",
    ):
        assert said in text
    assert '#panic("x") $x$' in text
    assert "// gone" in text


def test_a_pdf_is_tagged_says_its_language_and_title_and_claims_pdf_ua(reader):
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - an object of pypdf that equals it
    assert root["/Lang"] == "en"
    assert reader.metadata.title == "shop, Thursday 19 November 2026, UTC"
    assert b"pdfuaid" in root["/Metadata"].get_data()


def elements(node, name):
    """Every element of the tag tree that is a *name*."""
    node = node.get_object()
    children = node.get("/K", []) if isinstance(node, dict) else []
    children = children if isinstance(children, list) else [children]
    below = [found for child in children if not isinstance(child, int) for found in elements(child, name)]
    return [node, *below] if isinstance(node, dict) and node.get("/S") == name else below


def test_a_pdf_s_charts_have_text_alternatives_and_its_tables_heads(reader):
    tree = reader.trailer["/Root"]["/StructTreeRoot"]
    spoken = [found["/Alt"] for found in elements(tree, "/Figure")]
    assert spoken == [
        "Spans by hour. fine: highest 1 at 00:00, lowest 1 at 00:00; failed: highest 2 at 01:00, lowest 0 at 00:00.",
        "Scores. a 0.500.",
    ]
    assert len(elements(tree, "/TH")) == 2 * len(ROWS.columns)
    assert len(elements(tree, "/H1")) == 1


def test_a_pdf_has_its_fonts_in_it_and_its_links_lead_to_the_evidence(reader):
    fonts = {}
    for page in reader.pages:
        fonts |= page["/Resources"].get("/Font", {})
    inner = [font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts.values()]
    assert inner
    assert all("/FontFile2" in font or "/FontFile3" in font for font in inner)
    links = {
        note.get_object()["/A"]["/URI"]
        for page in reader.pages
        for note in page.get("/Annots", [])
        if "/URI" in note.get_object().get("/A", {})
    }
    assert links == {LINK.url}


def test_the_same_page_gives_the_same_pdf():
    small = Page("b", "t", "s", (Part("p", "P", [Text("x")]),), made_at=NOON)
    assert pdf(small) == pdf(small)


def test_letters_that_no_font_has_are_no_reason_to_have_no_pdf():
    odd = pdf(Page("b", "t", "s", (Part("p", "P", [Text("\U00013000 \uf8ff \u200f \x07")]),)))
    assert odd.startswith(b"%PDF-")


def test_a_page_that_cannot_be_typeset_says_what_to_do(monkeypatch, tmp_path):
    broken = tmp_path / "page.typ"
    broken.write_text("#panic()")
    monkeypatch.setattr("tasks.shared.pages.pdf.TEMPLATE", broken)
    with pytest.raises(NightjarError, match=r"cannot be typeset: .* Leave pdf out of reports\.formats"):
        pdf(PAGE)


def test_a_sentence_leads_to_more_in_html_and_markdown():
    assert f'Look out. <a href="{LINK.url}" rel="noreferrer">latest</a>' in html(PAGE)
    assert block_markdown(BLOCKS[0]) == f"> **Warning:** Look out. [latest](<{LINK.url}>)"


def test_a_link_to_a_file_beside_the_page_is_one_and_to_anything_else_is_text():
    beside = "../../../validations/project=a%2520b/date=2026-11-19/spans-part.html"
    assert cell_html(Link("x", beside)) == f'<a href="{beside}" rel="noreferrer">x</a>'
    for url in ("javascript:alert(1)", "//evil.test/x.html", "/etc/passwd.html", "data:text/html,x", "a b.html", ""):
        assert cell_html(Link("x", url)) == "x"


def test_a_change_is_written_with_an_arrow_only_where_something_moved():
    page = Page("b", "t", "s", (Part("p", "P", [Table("t", ("a",), [(Change(0.1, -0.1, 0.3),)])]),))
    assert "within noise" in html(page)
    assert "\N{BLACK UP-POINTING TRIANGLE}" not in html(page)
