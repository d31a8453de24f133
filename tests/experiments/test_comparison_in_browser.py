"""The report of a comparison in a real browser."""

from dataclasses import replace

import pytest

from tasks.experiments.report import Places, report
from tasks.experiments.returns import returns
from tasks.shared.pages.page import html
from tests.browsing import CONTRAST, NEEDS_CHROMIUM, chromium, emulate
from tests.experiments.compared import comparison

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    compared = comparison(folder)
    long = replace(compared.candidate.answers["example-03"][0], text="SELECT " + "x" * 500)
    answers = {**compared.candidate.answers, "example-03": [long]}
    compared = replace(compared, candidate=replace(compared.candidate, answers=answers))
    path = folder / "report.html"
    path.write_text(html(report(compared, Places("http://phoenix.test"), returns(compared.sides, 25.0))))
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        yield driver


@pytest.mark.parametrize("width", [1200, 320])
def test_long_answers_stay_in_their_cards(browser, page, width):
    emulate(browser, width)
    browser.get(page)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    sides = "return [...document.querySelectorAll('.cards li:first-child dd')].slice(2, 4).map(e => e.offsetTop)"
    baseline, candidate = browser.execute_script(sides)
    assert (baseline == candidate) == (width == 1200)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cards_are_read_in_light_and_dark(browser, page, scheme):
    emulate(browser, scheme=scheme)
    browser.get(page)
    ratio, where = browser.execute_script(CONTRAST)
    assert ratio >= 4.5, where
