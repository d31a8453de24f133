"""The page in a real browser: Debian's Chromium, headless."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tasks.reports.compose import compose
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.page import html
from tests.reports.days import evidence_of, normal_day

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (Path(CHROMIUM).exists() and Path(DRIVER).exists()), reason="no Chromium on this machine"),
]
# Relative luminance and contrast: WCAG 2.2, success criterion 1.4.3.
CONTRAST = """
const luminance = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!c.endsWith(', 0)')) return c; } return 'rgb(255, 255, 255)'; };
return [...document.querySelectorAll('p, a, td, th, dt, dd, figcaption, summary, h1, h2, caption, span')].map(e => {
    const [x, y] = [luminance(getComputedStyle(e).color), luminance(behind(e))].sort((a, b) => b - a);
    return [(x + 0.05) / (y + 0.05), e.tagName + ': ' + e.textContent.slice(0, 40)]; }).sort((a, b) => a[0] - b[0])[0];
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    path = folder / "report.html"
    path.write_text(html(compose(evidence_of(folder, normal_day()), (Link("MLflow run", "http://mlflow.test/1"),))))
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "disable-background-networking",
    ):
        options.add_argument(f"--{argument}")
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def emulate(browser, width=1200, scheme="light", scripts=True):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})


def test_no_console_message_and_no_request_beyond_the_page_itself(browser, page):
    emulate(browser)
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(page)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = Counter(e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent")
    assert {url for url in asked if not url.startswith("data:")} == {page}
    assert browser.get_log("browser") == []


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
