"""A model asked why runs fail: in parts, merged, within the budget, paid once."""

import datetime as dt
from contextlib import asynccontextmanager

import pytest

from deployments.simulator.writing.analyst import MADE_UP
from tasks.failures.analysing import PURPOSE, Analyst, tellable
from tasks.failures.receipts import analysed_receipt
from tasks.failures.scope import Scope
from tasks.shared.gateways.llm import Errand, Models, Writer
from tasks.shared.gateways.llm.writer import Written
from tasks.shared.prices import PriceTable
from tasks.shared.records import Window
from tasks.shared.settings import FailureSettings
from tasks.shared.store.ledger import open_ledger
from tests.failures.agents import PLAN
from tests.failures.test_figures import row
from tests.providers import MODEL, books, judge_settings, settings_with, simulated

SCOPE = Scope("p", Window.of_day(dt.date(2026, 11, 19)), PLAN)
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima")


def trace(number):
    return f"{number + 1:032x}"


def failed(count, state="Plan"):
    """Runs that failed for reasons of their own."""
    why = [f"{WORDS[n % 12]} {WORDS[n // 12 % 12]} {WORDS[(n * 7) % 12]} was missing" for n in range(count)]
    return [row(state, trace_id=trace(n), explanation=text) for n, text in enumerate(why)]


def texts(rows):
    return {each["trace_id"]: {name: each[name] for name in ("explanation", "request")} for each in rows}


@pytest.fixture(scope="module")
def url():
    with simulated() as running:
        yield running


@asynccontextmanager
async def analyst(url, tmp_path, budget=None, **own):
    settings = settings_with(judge_settings(url), tmp_path, **(budget or {}))
    with open_ledger(settings.budget, settings.lake) as ledger:
        async with Models(settings.judges) as models:
            errand = Errand("run", "p", PURPOSE)
            writer = Writer(models, ledger, PriceTable.shipped(), settings.budget, errand)
            yield Analyst(writer, MODEL, FailureSettings(**own), SCOPE)


async def test_much_is_told_in_parts_which_are_merged_and_every_claim_rests_on_runs_it_was_told_of(url, tmp_path):
    rows = [*failed(40), row("Fetch", trace_id=trace(99), explanation="no answer within 5 s")]
    async with analyst(url, tmp_path, chunk_characters=1500) as asking:
        plan, fetch = await asking.states(rows, texts(rows))
        insights = await asking.insights(rows, [plan, fetch])
    assert (plan.state, plan.failures, plan.told, plan.status) == ("Plan", 40, 40, "answered")
    assert plan.questions > 4
    assert (fetch.questions, fetch.clusters) == (1, 1)
    assert 3 <= len(fetch.claims.of("unit_tests")) <= 5
    assert plan.claims.trace_ids <= {trace(n) for n in range(40)}
    assert MADE_UP not in plan.claims.trace_ids | insights.claims.trace_ids
    assert insights.claims.of("insights")
    assert insights.claims.trace_ids <= plan.claims.trace_ids | fetch.claims.trace_ids


async def test_a_second_run_pays_nothing_and_says_the_same(url, tmp_path):
    rows = failed(5)
    async with analyst(url, tmp_path) as asking:
        first = await asking.states(rows, texts(rows))
    asked = books(url)["answered"]
    async with analyst(url, tmp_path) as asking:
        second = await asking.states(rows, texts(rows))
    assert books(url)["answered"] == asked
    assert [each.as_json() for each in second] == [each.as_json() for each in first]
    assert second[0].reused == second[0].questions == 1


async def test_a_budget_is_a_wall_and_the_analysis_says_so(url, tmp_path):
    rows = failed(5)
    async with analyst(url, tmp_path, {"per_run_usd": 0.0}) as asking:
        (found,) = await asking.states(rows, texts(rows))
        assert (await asking.insights(rows, [found])).status == "not_asked"
    assert (found.status, found.claims.trace_ids) == ("budget_stopped", set())
    assert found.trouble


async def test_states_beyond_the_limit_and_texts_that_may_not_leave_are_not_told(url, tmp_path):
    rows = [*failed(3), row("Fetch", trace_id=trace(7))]
    async with analyst(url, tmp_path, analysed_states=1) as asking:
        plan, fetch = await asking.states(rows, texts(rows[1:]))
    assert (plan.failures, plan.told) == (3, 2)
    assert (fetch.status, fetch.questions) == ("not_asked", 0)


async def test_explanations_are_grouped_before_the_limit_so_that_every_run_of_a_group_counts(url, tmp_path):
    alike = [row("Plan", trace_id=trace(n), explanation=f"no answer within {n} s") for n in range(50, 80)]
    rows = [*failed(5), *alike]
    async with analyst(url, tmp_path, analysed_failures=1) as asking:
        (plan,) = await asking.states(rows, texts(rows))
    assert (plan.failures, plan.told, plan.clusters) == (35, 30, 1)


class Scripted:
    """A writer whose model gives these answers one after the other, the last one ever after."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def write(self, model, messages, **_):
        """The next answer, whatever was asked."""
        self.asked.append(messages)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Written("answered", model, dt.datetime.now(dt.UTC), answer=answer)


def with_tests(count, cited=None):
    """An answer with one pattern and so many unit tests, which rest on the first run."""
    runs = {"trace_ids": [trace(0)]}
    test = {"given": "g", "expect": "e", "trace_ids": [cited or trace(0)]}
    return {"patterns": [{"pattern": "p", **runs}], "unit_tests": [{**test, "name": str(n)} for n in range(count)]}


async def analysed(writer, rows):
    (found,) = await Analyst(writer, MODEL, FailureSettings(chunk_characters=1500), SCOPE).states(rows, texts(rows))
    return found


@pytest.mark.parametrize("answer", [{}, {"patterns": None}, {"patterns": [3, {"trace_ids": [["x"]]}]}])
async def test_an_answer_without_what_was_asked_for_is_none_however_many_parts_there_are(answer):
    found = await analysed(Scripted(answer), failed(40))
    assert (found.status, found.claims.trace_ids) == ("unparseable", set())
    assert found.questions == 3


@pytest.mark.parametrize("count", [0, 2, 6])
async def test_too_few_or_too_many_unit_tests_are_asked_for_anew_with_the_reason(count):
    writer = Scripted(with_tests(count), with_tests(3))
    found = await analysed(writer, failed(1))
    assert (found.status, found.questions, len(found.claims.of("unit_tests"))) == ("answered", 2, 3)
    assert f"{count} unit tests" in writer.asked[1][-1]["content"]
    assert writer.asked[1][:-1] == writer.asked[0]


@pytest.mark.parametrize("answer", [with_tests(2), with_tests(6), with_tests(4, cited=MADE_UP)])
async def test_three_such_answers_and_the_state_is_not_analysed_which_is_a_doubt(answer):
    found = await analysed(Scripted(answer), failed(1))
    assert (found.status, found.questions, found.claims.trace_ids) == ("unparseable", 3, set())
    (doubt,) = analysed_receipt(SCOPE, [found], "path").doubts
    assert "in place of 3 to 5, in 3 tries" in doubt


def test_the_same_runs_are_told_in_the_same_order_whatever_order_they_come_in():
    rows = failed(30)
    assert tellable(rows, "Plan", texts(rows[2:])) == tellable(rows[::-1], "Plan", texts(rows[2:]))
    assert len(tellable(rows, "Plan", texts(rows[2:]))) == 28
