"""The page and its Markdown: self-contained, accessible, and nothing in them acts."""

import html as standard_html
import re
from html.parser import HTMLParser

import pytest

from tasks.reports.compose import compose
from tasks.reports.links import Links
from tasks.shared.pages.blocks import Link, Number, Table, Text
from tasks.shared.pages.markdown import cell_markdown, markdown, records
from tasks.shared.pages.page import Page, Part, cell_html, html
from tasks.shared.store.report_files import report_path
from tests.reports.days import DAY, PHOENIX, decision, evidence_of, normal_day, span

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7*7 }}|[x](javascript:alert(3))'


class Loaded(HTMLParser):
    """Collects what a browser would load or run, and the outline."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.targets, self.ids, self.handlers = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Note the tag and what it would load."""
        found = dict(attributes)
        self.tags.append(tag)
        self.handlers += [name for name in found if name.startswith("on")]
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a":
            self.targets.append(found["href"])
        else:
            self.loads += [found[name] for name in ("src", "href", "srcset", "data", "action") if name in found]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return compose(
        evidence_of(tmp_path_factory.mktemp("page"), normal_day()), (Link("MLflow run", "http://mlflow/run"),)
    )


def test_the_page_loads_nothing_and_runs_nothing(report):
    text = html(report)
    page = Loaded(text)
    assert page.loads == ["data:,"]
    assert page.handlers == []
    assert not {"script", "iframe", "object", "embed", "form"} & set(page.tags)
    assert "@import" not in text
    assert "url(" not in text
    assert re.findall(r"https?://[^/\"'<> ]+", re.sub(r'href="[^"]*"', "", text)) == []


def test_the_page_links_to_evidence_and_to_its_runs(report):
    targets = Loaded(html(report)).targets
    assert "http://mlflow/run" in targets
    assert any(target.startswith(f"{PHOENIX}/redirects/traces/") for target in targets)
    assert any(target.startswith(f"{PHOENIX}/redirects/spans/") for target in targets)


def test_the_page_has_one_outline_unique_ids_and_headed_tables(report):
    text = html(report)
    page = Loaded(text)
    assert page.tags.count("h1") == 1
    assert page.tags.count("h2") == len(report.parts)
    assert len(page.ids) == len(set(page.ids))
    assert text.count("<table>") == text.count("<caption>") == text.count("<thead>")
    assert page.tags.count("svg") == page.tags.count("details") > 0
    assert '<html lang="en">' in text
    for target in page.targets:
        assert not target.startswith("#") or target[1:] in page.ids


def test_warnings_are_counted_at_the_top(report):
    assert report.warnings == {"cost": 1, "scores": 1, "sessions": 1, "data_quality": 1}
    assert "4 warnings:" in html(report)


def test_hostile_values_are_text_everywhere(tmp_path):
    rows = {
        "spans": [
            span(i, name=HOSTILE, input=HOSTILE, session_id=HOSTILE, status_code="ERROR", kind="LLM", model=HOSTILE,
                 exception_type=HOSTILE, exception_message=HOSTILE, total_tokens=5)
            for i in range(1, 4)
        ],
        "decisions": [decision(HOSTILE, i, status="errored", score=None, explanation=HOSTILE) for i in range(1, 4)],
    }  # fmt: skip
    report = compose(evidence_of(tmp_path, rows))
    text = html(report)
    page = Loaded(text)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert page.handlers == []
    assert HOSTILE[:60] in standard_html.unescape(text)
    assert not any(target.startswith("javascript:") for target in page.targets)
    written = markdown(report)
    assert "<img" not in written.replace("\\<", "")
    assert not re.search(r"(?<!\\)\]\(javascript:", written)


def test_a_link_with_another_scheme_than_http_is_only_its_text():
    assert cell_html(Link("x", "javascript:alert(1)")) == "x"
    assert cell_html(Link("<x>", "https://y/?a=1&b=2")) == (
        '<a href="https://y/?a=1&amp;b=2" rel="noreferrer">&lt;x&gt;</a>'
    )


def test_links_never_carry_the_password_of_the_server_s_url():
    link = Links("http://user:hunter22@phoenix.test:6006/base/").to("span", "a/b")
    assert link == Link("span", "http://phoenix.test:6006/base/redirects/spans/a%2Fb")
    assert Links(PHOENIX).to("span", None) is None


def test_markdown_holds_every_section_and_table(report):
    text = markdown(report)
    assert text.startswith("# shop, Thursday 19 November 2026, UTC\n")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [p.title for p in report.parts]
    assert "> **Warning:** No price is known for mystery" in text
    assert "[MLflow run](<http://mlflow/run>)" in text
    assert "| Span name | Errors | n | Rate |" in text


def test_markdown_cells_stay_in_their_cell():
    assert cell_markdown("a|b\n*c*") == "a\\|b \\*c\\*"
    assert cell_markdown(Number(1)) == "1"


def test_the_first_table_of_a_section_becomes_records():
    part = Part("p", "P", [Text("x"), Table("t", ("a", "b"), [(Number(1), Link("s", "http://s"))])])
    assert records(part) == [{"a": "1", "b": "http://s"}]
    assert records(Part("p", "P", [])) == []


def test_a_report_lies_under_its_day_and_project():
    assert report_path("a/b", DAY) == "reports/date=2026-11-19/project=a%2Fb/report.html"


def test_a_section_needs_no_template_of_its_own():
    part = Part("new", "New", [Text("Said."), Table("t", ("a",), [], empty="None yet.")])
    text = html(Page("Report", "p", "today", (part,)))
    assert '<h2 id="new-h">New</h2>' in text
    assert "None yet." in text
