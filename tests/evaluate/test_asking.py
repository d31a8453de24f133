"""Asking a judge, over HTTP against the simulated provider."""

import asyncio
import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest

from tasks.evaluate.asking import Asker, Brief
from tasks.evaluate.cases import Case, rendered
from tasks.evaluate.library import known_judges, read_judge
from tasks.evaluate.tariff import tariff
from tasks.evaluate.versions import model_names
from tasks.shared.errors import StoreError
from tasks.shared.gateways.llm import Models
from tasks.shared.prices import PriceTable
from tasks.shared.store.ledger import Ledger, walls
from tests.providers import books, judge_settings, settings_with, simulated

NOW = dt.datetime.now(dt.UTC)
DAY = f"{NOW:%Y-%m-%d}"
PAIR = """
name: better
version: "1"
description: Which answer is better?
unit: span
inputs: {question: input, first: output, second: status_message}
messages:
  - content: "Which answer is better? <q>{{question}}</q> <first>{{first}}</first> <second>{{second}}</second>"
choices: {first: 1, second: 0, tie: 0.5}
swap: {inputs: [first, second], labels: {first: second, second: first, tie: tie}}
canaries: [{inputs: {question: a, first: b, second: c}, expect: [first, second, tie]}]
"""


def faithful_cases(judge, count):
    values = [
        {"input": f"Where is parcel {n}?", "output": f"In depot {n}.", "context": f"Parcel {n} is in depot {n}."}
        for n in range(count)
    ]
    return [Case(n, rendered(judge.prompt, value)) for n, value in enumerate(values)]


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


async def asked(settings, ledger, judge, cases, run="r"):
    async with Models(settings.judges) as models:
        asker = asker_of(settings, ledger, judge, models, run)
        return await asker.verdicts(cases), asker


def asker_of(settings, ledger, judge, models, run="r"):
    prices = PriceTable.shipped(settings.prices)
    tariffs = {name: tariff(judge, name, prices, NOW) for name in model_names(judge, settings.judges)}
    brief = Brief(run, "p", lambda day: walls(settings.budget, run, day, "p", judge.name))
    return Asker(judge, brief, settings.judges, models, ledger, tariffs)


def faithfulness(settings):
    return known_judges(settings.judges)["faithfulness"]


def statuses(verdicts):
    return Counter(verdict.status for verdict in verdicts)


async def test_every_case_is_scored_and_the_books_agree_to_the_cent(ledger, tmp_path):
    with simulated() as url:
        settings = settings_with(judge_settings(url), tmp_path)
        judge = faithfulness(settings)
        verdicts, _ = await asked(settings, ledger, judge, faithful_cases(judge, 60))
        billed = books(url)
    assert statuses(verdicts) == {"scored": 60}
    assert {verdict.score.label for verdict in verdicts} <= {"faithful", "unfaithful"}
    assert all(verdict.score.explanation for verdict in verdicts)
    assert billed["answered"] == billed["distinct"] == 60
    spent = ledger.spending(run="r")
    assert (spent.settled_usd, spent.unsettled_usd) == (Decimal(billed["exact_cost_usd"]), 0)


async def test_what_was_paid_for_is_not_asked_again(ledger, tmp_path):
    with simulated() as url:
        settings = settings_with(judge_settings(url), tmp_path)
        judge = faithfulness(settings)
        first, _ = await asked(settings, ledger, judge, faithful_cases(judge, 10))
        again, _ = await asked(settings, ledger, judge, faithful_cases(judge, 12), run="second")
        billed = books(url)
    assert [v.score for v in again[:10]] == [v.score for v in first]
    assert [v.reused for v in again] == [True] * 10 + [False] * 2
    assert sum(v.cost for v in again[:10]) == 0
    assert billed["answered"] == 12


async def test_equal_prompts_of_one_run_are_asked_once(ledger, tmp_path):
    with simulated(latency_ms=50) as url:
        settings = settings_with(judge_settings(url), tmp_path)
        judge = faithfulness(settings)
        one = faithful_cases(judge, 1)[0]
        verdicts, _ = await asked(settings, ledger, judge, [Case(n, one.messages) for n in range(15)])
        billed = books(url)
    assert statuses(verdicts) == {"scored": 15}
    assert billed["answered"] == 1
    assert sum(not verdict.reused for verdict in verdicts) == 1


async def test_a_provider_that_takes_few_calls_a_second_is_asked_so_many(ledger, tmp_path):
    with simulated(cap_per_second=20) as url:
        settings = settings_with(judge_settings(url, attempts=4), tmp_path)
        judge = faithfulness(settings)
        verdicts, asker = await asked(settings, ledger, judge, faithful_cases(judge, 70))
        rate = asker.models.pace(asker.model_names[0]).rate.per_second
    assert statuses(verdicts) == {"scored": 70}
    assert 10 < rate < 40


async def test_nothing_is_called_past_a_budget(ledger, tmp_path):
    with simulated(latency_ms=5) as url:
        settings = settings_with(judge_settings(url), tmp_path, per_run_usd=0.002)
        judge = faithfulness(settings)
        verdicts, _ = await asked(settings, ledger, judge, faithful_cases(judge, 80))
        billed = books(url)
    found = statuses(verdicts)
    assert set(found) == {"scored", "budget_stopped"}
    assert billed["answered"] == found["scored"]
    assert Decimal(billed["exact_cost_usd"]) == ledger.spending(run="r").settled_usd <= Decimal("0.002")
    stopped = next(verdict for verdict in verdicts if verdict.status == "budget_stopped")
    assert "budget run:r of 0.002 USD has no room" in stopped.score.explanation


async def test_a_budget_nearly_used_up_lets_in_only_what_surely_fits(ledger, tmp_path):
    """The reservation is the most a call can cost, so the last calls before the wall go unasked rather than over it."""
    with simulated() as url:
        settings = settings_with(judge_settings(url, in_flight=1), tmp_path)
        judge = faithfulness(settings)
        case = faithful_cases(judge, 1)[0]
        async with Models(settings.judges) as models:
            most = asker_of(settings, ledger, judge, models).tariffs["simulated/gpt-4o-mini"].most(case.messages, judge)
        just_short = settings_with(judge_settings(url, in_flight=1), tmp_path, per_day_usd=(most - 1) / 1e12)
        verdicts, _ = await asked(just_short, ledger, judge, [case])
        assert statuses(verdicts) == {"budget_stopped": 1}
        enough = settings_with(judge_settings(url, in_flight=1), tmp_path, per_day_usd=most / 1e12)
        verdicts, _ = await asked(enough, ledger, judge, [case])
    assert statuses(verdicts) == {"scored": 1}
    assert verdicts[0].cost <= most


async def test_two_runs_at_once_cannot_overspend_together(ledger, tmp_path):
    with simulated(latency_ms=10) as url:
        settings = settings_with(judge_settings(url), tmp_path, per_day_usd=0.002)
        judge = faithfulness(settings)
        cases = faithful_cases(judge, 80)
        other = Ledger(tmp_path / "ledger.sqlite")
        both = await asyncio.gather(
            asked(settings, ledger, judge, cases[:40], run="one"), asked(settings, other, judge, cases[40:], run="two")
        )
        other.close()
        billed = books(url)
    found = statuses([verdict for verdicts, _ in both for verdict in verdicts])
    assert found["budget_stopped"]
    assert Decimal(billed["exact_cost_usd"]) <= Decimal("0.002")


async def test_faults_end_in_the_right_status_and_the_ledger_stays_exact(ledger, tmp_path):
    faults = {"rate_429": 0.1, "rate_500": 0.05, "rate_hang": 0.02, "rate_malformed": 0.02, "retry_after_seconds": 0.05}
    with simulated(latency_ms=5, hang_seconds=30, **faults) as url:
        settings = settings_with(judge_settings(url, in_flight=30, timeout_seconds=0.7, attempts=8), tmp_path)
        judge = faithfulness(settings)
        verdicts, _ = await asked(settings, ledger, judge, faithful_cases(judge, 400))
        billed = books(url)
    found = statuses(verdicts)
    assert found["scored"] + found["unparseable"] == 400
    assert found["unparseable"] <= 3
    spent = ledger.spending(run="r")
    assert spent.settled_usd == Decimal(billed["exact_cost_usd"])
    assert spent.unsettled_calls == pytest.approx(8, abs=8)  # the calls that hung: nobody knows whether they are billed
    twice = [count for count in billed["prompts"].values() if count > 1]
    assert len(twice) <= 25, "only malformed answers are asked for once more"
    assert sum(verdict.cost for verdict in verdicts) == int(spent.settled_usd * 10**12)


async def test_an_answer_that_cannot_be_read_is_asked_once_more_and_then_unparseable(ledger, tmp_path):
    with simulated(rate_malformed=1.0, malformed_as="mixed") as url:
        settings = settings_with(judge_settings(url), tmp_path)
        judge = faithfulness(settings)
        verdicts, _ = await asked(settings, ledger, judge, faithful_cases(judge, 10))
        billed = books(url)
    assert statuses(verdicts) == {"unparseable": 10}
    assert all(verdict.score.score is None and verdict.score.label is None for verdict in verdicts)
    assert set(billed["prompts"].values()) == {2}
    assert ledger.spending(run="r").settled_usd == Decimal(billed["exact_cost_usd"]) > 0


async def test_a_permanent_error_is_not_tried_again(ledger, tmp_path):
    with simulated(permanent_status=401) as url:
        settings = settings_with(judge_settings(url), tmp_path)
        judge = faithfulness(settings)
        verdicts, _ = await asked(settings, ledger, judge, faithful_cases(judge, 3))
    assert statuses(verdicts) == {"errored": 3}
    assert "refused: " in verdicts[0].score.explanation
    assert ledger.spending(run="r").calls == 0, "nothing was spent, so nothing stays in the books"


async def test_a_fallback_answers_where_the_first_model_does_not(ledger, tmp_path):
    with simulated(permanent_status=404, only_models=("gpt-4o-mini",)) as url:
        settings = settings_with(judge_settings(url, fallback="simulated/gpt-4o"), tmp_path)
        judge = faithfulness(settings)
        verdicts, _ = await asked(settings, ledger, judge, faithful_cases(judge, 5))
    assert statuses(verdicts) == {"scored": 5}
    assert {verdict.model for verdict in verdicts} == {"simulated/gpt-4o"}


async def test_a_provider_that_is_gone_is_not_asked_for_ever(ledger, tmp_path):
    settings = settings_with(judge_settings("http://127.0.0.1:9", in_flight=4, attempts=2), tmp_path)
    judge = faithfulness(settings)
    verdicts, asker = await asked(settings, ledger, judge, faithful_cases(judge, 200))
    found = statuses(verdicts)
    assert 30 <= found["errored"] <= 40
    assert found["pending"] == 200 - found["errored"]
    assert "30 questions in a row got no answer" in asker.stopped
    assert ledger.spending(run="r").calls == 0, "a connection that never came about costs nothing"


async def test_canaries_tell_a_broken_judge_from_a_good_one(ledger, tmp_path):
    for broken, said in ((False, ""), (True, "a question with a known verdict")):
        with simulated(broken_judge=broken) as url:
            settings = settings_with(judge_settings(url), tmp_path)
            async with Models(settings.judges) as models:
                wrong, asked_ = await asker_of(settings, ledger, faithfulness(settings), models).check_canaries()
        assert wrong.startswith(said)
        assert bool(wrong) is broken
        assert all(not verdict.reused for verdict in asked_), "a canary is asked anew every time"


async def test_a_pairwise_judge_is_asked_in_both_orders(ledger, tmp_path):
    judge = read_judge("better", "judges/better.yaml", PAIR)
    values = {"question": "What is 2 + 2?", "first": "The answer is 4.", "second": "The answer is five thousand."}
    swapped = {**values, "first": values["second"], "second": values["first"]}
    case = Case(0, rendered(judge.prompt, values), rendered(judge.prompt, swapped))
    with simulated(position_bias=1.0) as url:
        settings = settings_with(judge_settings(url), tmp_path)
        verdicts, _ = await asked(settings, ledger, judge, [case])
        assert books(url)["answered"] == 2
    assert statuses(verdicts) == {"unparseable": 1}
    assert "depends on the order: first, but second with the two swapped" in verdicts[0].score.explanation


async def test_of_equal_prompts_without_an_answer_one_is_asked_at_a_time(ledger, tmp_path):
    with simulated(latency_ms=20, rate_malformed=1.0) as url:
        settings = settings_with(judge_settings(url), tmp_path)
        judge = faithfulness(settings)
        one = faithful_cases(judge, 1)[0]
        verdicts, _ = await asked(settings, ledger, judge, [Case(n, one.messages) for n in range(4)])
        billed = books(url)
    assert statuses(verdicts) == {"unparseable": 4}
    assert billed["answered"] == 8, "each is asked twice, none while another one is under way"


async def test_a_pair_without_a_first_answer_is_not_asked_the_other_way_round(ledger, tmp_path):
    judge = read_judge("better", "judges/better.yaml", PAIR)
    values = {"question": "What is 2 + 2?", "first": "4.", "second": "5."}
    swapped = {**values, "first": "5.", "second": "4."}
    case = Case(0, rendered(judge.prompt, values), rendered(judge.prompt, swapped))
    with simulated(rate_malformed=1.0) as url:
        settings = settings_with(judge_settings(url), tmp_path)
        verdicts, _ = await asked(settings, ledger, judge, [case])
        billed = books(url)
    assert (verdicts[0].status, billed["answered"]) == ("unparseable", 2)
    assert verdicts[0].cost == int(Decimal(billed["exact_cost_usd"]) * 10**12)


async def test_a_ledger_that_fails_is_told_in_one_line(ledger, tmp_path):
    with simulated() as url:
        settings = settings_with(judge_settings(url), tmp_path)
        judge = faithfulness(settings)
        async with Models(settings.judges) as models:
            asker = asker_of(settings, ledger, judge, models)
            ledger._database.execute("PRAGMA query_only = ON")
            with pytest.raises(StoreError, match="the ledger cannot be written"):
                await asker.verdicts(faithful_cases(judge, 5))
            ledger._database.execute("PRAGMA query_only = OFF")
        assert books(url)["answered"] == 0


async def test_without_room_for_its_canaries_a_judge_asks_nothing(ledger, tmp_path):
    with simulated() as url:
        settings = settings_with(judge_settings(url), tmp_path, per_run_usd=0)
        async with Models(settings.judges) as models:
            wrong, _ = await asker_of(settings, ledger, faithfulness(settings), models).check_canaries()
    assert "no room for this call" in wrong


def test_a_run_past_midnight_spends_the_new_days_budget(ledger, tmp_path):
    settings = settings_with(judge_settings("http://127.0.0.1:9"), tmp_path, per_day_usd=1)
    brief = Brief("r", "p", lambda day: walls(settings.budget, "r", day, "p", "j"))
    assert {wall.scope for wall in brief.walls("2026-11-20")} != {wall.scope for wall in brief.walls("2026-11-21")}
