"""The message of a report: a mail that mail programs show, and facts for channels with little room."""

import datetime as dt
import re
from dataclasses import replace

import pytest

from tasks.reports.compose import compose
from tasks.reports.message import report_message
from tasks.shared.pages.blocks import Chart, Link, Number, Table, Text
from tasks.shared.pages.mail import charts_in_mail, mail_html
from tasks.shared.pages.markdown import plain
from tasks.shared.pages.page import Page, Part
from tests.reports.days import evidence_of, normal_day
from tests.reports.test_report_page import HOSTILE, Loaded


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    evidence = evidence_of(tmp_path_factory.mktemp("message"), normal_day())
    page = compose(evidence, (Link("MLflow run", "http://mlflow/run"), Link("no Prefect run", "")))
    return report_message(page, evidence, [("report.html", b"page"), ("report.zip", b"tables")])


def test_a_report_of_a_day_has_one_id_however_often_it_is_built(told):
    assert told.message_id == told.topic == "report:shop:day:2026-11-19"
    assert told.title == "Nightjar morning report: shop, Thursday 19 November 2026, UTC"
    assert (told.event, told.severity, told.at) == ("report", "warning", dt.datetime(2026, 11, 19, tzinfo=dt.UTC))
    assert told.data["edition"] == "day"


def test_the_mail_asks_the_network_for_nothing_and_has_neither_svg_nor_script(told):
    mail = Loaded(told.html)
    assert {f"cid:{picture.name}" for picture in told.pictures} == set(mail.loads)
    assert not {"svg", "script", "style", "link", "iframe"} & set(mail.tags)
    assert mail.handlers == []


def test_every_picture_of_the_mail_has_its_words(told):
    assert [picture.name for picture in told.pictures] == ["volume.png", "errors.png", "latency.png", "tokens.png"]
    for picture in told.pictures:
        assert picture.png.startswith(b"\x89PNG")
        assert picture.description.split(":")[0] in told.html
    assert told.html.count('<img src="cid:') == told.html.count('alt="') == 4


def test_figures_at_a_glance_are_facts_and_warnings_the_summary(told):
    facts = dict(told.facts)
    assert (facts["Spans"], facts["Spans with an error"]) == ("20", "10.0%")
    first, *_ = told.summary.splitlines()
    assert first == "Warning: No price is known for mystery (120 tokens). The cost below leaves them out."


def test_only_links_that_lead_somewhere_go_along_and_the_page_where_it_is_served(told, tmp_path):
    assert told.links == (Link("MLflow run", "http://mlflow/run"),)
    evidence = evidence_of(tmp_path, normal_day())
    settings = evidence.settings.model_copy(
        update={"reports": evidence.settings.reports.model_copy(update={"url": "https://reports.test/nightly/"})}
    )
    served = report_message(compose(evidence), replace(evidence, settings=settings), [])
    assert served.links == (
        Link("The report", "https://reports.test/nightly/date=2026-11-19/project=shop/report.html"),
    )


def test_files_go_along_as_they_are(told):
    assert [(file.name, file.media_type, file.content) for file in told.files] == [
        ("report.html", "text/html", b"page"),
        ("report.zip", "application/zip", b"tables"),
    ]


def page_of(*blocks, parts=1):
    return Page("brand", "t", "s", tuple(Part(f"p{n}", f"Part {n}", blocks) for n in range(parts)))


def test_plain_text_has_no_markup_and_keeps_addresses():
    table = Table("T_1", ("a*b", "link"), [(HOSTILE, Link("x [y]", "http://p/(1)"))])
    chart = Chart("Spans", "bars", "hour", ("n",), [("01:00", 3.0)])
    text = plain(page_of(Text("Mind #1.", "warning"), table, chart))
    assert "Warning: Mind #1." in text
    assert HOSTILE.split("|")[0] in text
    assert "x [y] <http://p/(1)>" in text
    assert "Spans: n: highest 3 at 01:00" in text
    assert "---" not in text
    assert "**" not in text


def test_nothing_in_a_mail_acts():
    table = Table(HOSTILE, (HOSTILE, "b"), [(HOSTILE, Link(HOSTILE, "javascript:alert(1)"))], note=HOSTILE)
    cards = Table("cards", ("a", "b"), [(HOSTILE, HOSTILE)], layout="cards")
    tiles = Table("tiles", ("a", "b", "c"), [(HOSTILE, Number(1), HOSTILE)], layout="tiles")
    mail = Loaded(mail_html(page_of(Text(HOSTILE), table, cards, tiles), {}))
    assert (mail.loads, mail.handlers, mail.targets) == ([], [], [])
    assert "script" not in mail.tags


def test_a_long_report_stays_below_what_gmail_shows_and_says_what_is_left_out():
    rows = [("word " * 40, Number(n)) for n in range(100)]
    mail = mail_html(page_of(Table("T", ("a", "b"), rows), parts=60), {})
    assert len(mail.encode()) < 102_000
    assert "92 more in the page." in mail
    left = re.search(r"More in the page: (Part \d+), .*Part 59\.", mail)
    assert left
    assert f">{left[1]}</h2>" not in mail


def test_the_first_chart_of_each_section_is_in_the_mail_and_an_empty_one_is_not():
    full, empty = (Chart("c", "bars", "hour", ("n",), rows) for rows in ([("01:00", 1.0)], []))
    page = Page("b", "t", "s", tuple(Part(name, name, blocks) for name, blocks in {
        "a_b": [full, full], "none": [Text("x")], "empty": [empty], "c": [Text("x"), full],
    }.items()))  # fmt: skip
    assert list(charts_in_mail(page)) == ["a-b.png", "c.png"]
