"""The page in a real browser: Debian's Chromium, headless."""

import json
from collections import Counter

import pytest
from axe_core_python.selenium import Axe

from tasks.reports.compose import compose
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.page import html
from tests.browsing import CONTRAST, NEEDS_CHROMIUM, chromium, emulate
from tests.reports.days import full_evidence

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    path = folder / "report.html"
    path.write_text(html(compose(full_evidence(folder), (Link("MLflow run", "http://mlflow.test/1"),))))
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        yield driver


def test_no_console_message_and_no_request_beyond_the_page_itself(browser, page):
    emulate(browser)
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(page)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = Counter(e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent")
    assert {url for url in asked if not url.startswith("data:")} == {page}
    assert browser.get_log("browser") == []


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light")])
def test_axe_finds_no_violation_with_every_table_open(browser, page, width, scheme):
    emulate(browser, width, scheme)
    browser.get(page)
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(browser)
    assert len(found["passes"]) > 20
    assert [(rule["id"], [node["html"] for node in rule["nodes"]][:5]) for rule in found["violations"]] == []


@pytest.mark.parametrize("width", [1200, 390, 320])
def test_the_page_does_not_scroll_sideways(browser, page, width):
    emulate(browser, width)
    browser.get(page)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(browser, page, scheme):
    emulate(browser, scheme=scheme)
    browser.get(page)
    ratio, where = browser.execute_script(CONTRAST)
    assert ratio >= 4.5, where
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (int(colour[4:].split(",")[0]) > 128) == (scheme == "light")


def test_a_chart_is_drawn_in_the_colours_of_the_scheme(browser, page):
    drawn = []
    for scheme in ("light", "dark"):
        emulate(browser, scheme=scheme)
        browser.get(page)
        bar = "return getComputedStyle(document.querySelector('#volume svg path[fill=\"var(--series-1)\"]')).fill"
        drawn.append(browser.execute_script(bar))
    assert all(colour.startswith("rgb(") for colour in drawn)
    assert drawn[0] != drawn[1]


def test_the_page_is_whole_without_javascript(browser, page):
    emulate(browser, scripts=False)
    browser.get(page)
    text = browser.find_element("tag name", "main").text
    emulate(browser)
    assert "At a glance" in text
    assert "Data quality" in text
    assert "As a table" in text
