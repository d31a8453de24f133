"""What judging would take, told before anything is spent, and compared with what it took."""

import datetime as dt
from decimal import Decimal

import pytest

from tasks.evaluate.estimate import (
    assumed_judgment,
    confirm,
    estimated,
    estimates,
    expected_usd,
    habit,
    projected_usd,
    receipt,
)
from tasks.evaluate.judging import judge_window
from tasks.evaluate.library import read_judge
from tasks.evaluate.versions import remember_version
from tasks.shared.errors import ConfigurationError, NotConfirmed
from tasks.shared.records import Batch, Window
from tasks.shared.settings import BudgetSettings, ProviderSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.ledger import usd
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import DAY, NOON, span_row, span_table
from tests.providers import books, judge_settings, settings_with, simulated

PROJECT = "p"
NOW = dt.datetime.now(dt.UTC)
NOBODY = "http://127.0.0.1:9"
YAML = """
name: short
version: "1"
description: Is the answer short?
unit: span
inputs: {answer: output}
messages: [{content: "Is this short? <answer>{{answer}}</answer>"}]
choices: {yes_it_is: 1, no_it_is_not: 0}
max_output_tokens: 100
canaries: [{inputs: {answer: "Yes."}, expect: [yes_it_is, no_it_is_not]}]
"""
PROMPT_CHARACTERS = len("Is this short? <answer></answer>")
CANARY_CHARACTERS = PROMPT_CHARACTERS + len("Yes.")


def judge_of(**changes):
    """The judge of the tests, with some keys changed."""
    judge = read_judge("short", "judges/short.yaml", YAML)
    return judge.model_copy(update=changes)


def filled(tmp_path, url=NOBODY, outputs=(), **budget):
    """Settings with a lake of one LLM span per output, an hour's worth at noon."""
    settings = settings_with(judge_settings(url), tmp_path / "lake", **budget)
    add_spans(settings, "a", NOON, outputs)
    return settings


def add_spans(settings, prefix, start, outputs):
    rows = [span_row(f"{prefix}{n}", output=output, start_time=start) for n, output in enumerate(outputs)]
    Lake.open(settings.lake).write(SPANS, PROJECT, DAY, span_table(*rows))


def test_a_decision_on_an_unknown_unit_has_an_assumed_price_and_pace(tmp_path):
    settings = filled(tmp_path)
    cost, seconds = assumed_judgment(settings, judge_of(), NOW)
    tokens = round((CANARY_CHARACTERS + 2000) / 4), 50
    assert usd(cost) == Decimal(tokens[0]) * Decimal("0.15e-6") + tokens[1] * Decimal("0.6e-6")
    assert seconds == 2.0 / settings.judges.providers["simulated"].in_flight
    with pytest.raises(ConfigurationError, match="has no price"):
        assumed_judgment(settings, judge_of(model="simulated/unheard-of"), NOW)


def test_units_calls_tokens_cost_and_time_by_assumption(tmp_path):
    settings = filled(tmp_path, outputs=["x" * 368, "y" * 768, "x" * 368, ""])
    estimate = estimated(settings, judge_of(), PROJECT, DAY, NOW)
    characters = 2 * PROMPT_CHARACTERS + 368 + 768 + CANARY_CHARACTERS
    assert (estimate.units, estimate.calls, estimate.free) == (4, 3, 1)
    assert (estimate.prompt_tokens, estimate.completion_tokens) == (round(characters / 4), 150)
    per_million = Decimal("0.15") * estimate.prompt_tokens + Decimal("0.60") * 150
    assert usd(estimate.expected) == per_million / 1_000_000
    assert estimate.most > estimate.expected
    assert estimate.seconds == pytest.approx(3 * 2 / 20)
    assert estimate.basis == "4.0 characters a token, 50 tokens an answer assumed, 2 s a call assumed"


def test_nothing_to_decide_takes_nothing_not_even_a_canary(tmp_path):
    estimate = estimated(filled(tmp_path), judge_of(), PROJECT, DAY, NOW)
    assert (estimate.units, estimate.calls, estimate.expected, estimate.most, estimate.seconds) == (0, 0, 0, 0, 0)


def test_the_batch_lane_is_expected_at_half_price_and_reserved_at_the_full_one(tmp_path):
    settings = filled(tmp_path, outputs=["x" * 400])
    one, batch = (estimated(settings, judge_of(lane=lane), PROJECT, DAY, NOW) for lane in ("sync", "batch"))
    assert batch.expected == one.expected // 2
    assert batch.most == one.most


def test_calls_above_the_judges_price_cap_are_not_counted_as_spending(tmp_path):
    estimate = estimated(filled(tmp_path, outputs=["x"]), judge_of(max_cost_usd=1e-9), PROJECT, DAY, NOW)
    assert (estimate.calls, estimate.too_dear, estimate.expected) == (0, 1, 0)


def test_starts_per_second_bound_the_time(tmp_path):
    settings = filled(tmp_path, outputs=["x"])
    slow = ProviderSettings(kind="openai", in_flight=100, requests_per_second=0.5)
    judges = settings.judges.model_copy(update={"providers": {"simulated": slow}})
    settings = settings.model_copy(update={"judges": judges})
    assert estimated(settings, judge_of(), PROJECT, DAY, NOW).seconds == pytest.approx(2 / 0.5)


def test_a_model_without_a_price_is_refused_as_in_judging(tmp_path):
    settings = filled(tmp_path, outputs=["x"])
    with pytest.raises(ConfigurationError, match="has no price"):
        estimated(settings, judge_of(model="simulated/nobody-1"), PROJECT, DAY, NOW)


async def test_after_a_day_of_judging_the_next_one_is_estimated_by_it_and_costs_as_much(tmp_path):
    first, second = Window(NOON, NOON + dt.timedelta(hours=1)), Window(NOON + dt.timedelta(hours=3), DAY.end)
    with simulated() as url:
        settings = filled(tmp_path, url, [f"Depot {n}. " * (n + 3) for n in range(40)])
        judge = judge_of()
        await judge_window(settings, judge, PROJECT, first, "one", told=lambda _: None)
        again = estimated(settings, judge, PROJECT, first, NOW)
        add_spans(settings, "b", second.start, [f"Harbour {n}. " * (n + 3) for n in range(40)])
        before = books(url)["answered"]
        estimate = estimated(settings, judge, PROJECT, second, NOW)
        assert books(url)["answered"] == before
        spent = await judge_window(settings, judge, PROJECT, second, "two", told=lambda _: None)
    assert (again.units, again.calls, again.expected) == (0, 0, 0)
    assert (estimate.units, estimate.calls) == (40, 41)
    assert "as in 40 decisions" in estimate.basis
    assert usd(estimate.expected) * 1_000_000 == pytest.approx(spent.counts["cost_microdollars"], rel=0.1)
    assert spent.counts["cost_microdollars"] < usd(estimate.most) * 1_000_000


async def test_time_is_told_by_the_pace_that_was_measured(tmp_path):
    first, second = Window(NOON, NOON + dt.timedelta(hours=1)), Window(NOON + dt.timedelta(hours=3), DAY.end)
    with simulated(latency_ms=100) as url:
        settings = filled(tmp_path, url, [f"Depot {n}." for n in range(20)])
        await judge_window(settings, judge_of(), PROJECT, first, "one", told=lambda _: None)
        add_spans(settings, "b", second.start, [f"Harbour {n}." for n in range(19)])
        known, other = (estimated(settings, judge_of(name=name), PROJECT, second, NOW) for name in ("short", "shorter"))
    assert "s a call as measured" in known.basis
    assert 0.1 <= known.seconds < 2.0, "20 calls at once of a tenth of a second; 2 s were assumed"
    assert "s a call as measured" in other.basis, "another judge has the pace of the model"


async def test_questions_that_wait_in_a_batch_are_not_estimated_again(tmp_path):
    with simulated(batch_seconds=600) as url:
        settings = filled(tmp_path, url, ["one", "two", "two"])
        judge = judge_of(lane="batch")
        await judge_window(settings, judge, PROJECT, DAY, "one", told=lambda _: None)
        estimate = estimated(settings, judge, PROJECT, DAY, NOW)
    assert (estimate.units, estimate.waiting, estimate.free, estimate.calls, estimate.expected) == (3, 2, 1, 0, 0)
    assert estimate.note().endswith("; 2 more wait in a batch")


async def test_answers_that_were_paid_for_are_free_where_their_decisions_are_gone(tmp_path):
    with simulated() as url:
        settings = filled(tmp_path, url, ["one", "two"])
        await judge_window(settings, judge_of(), PROJECT, DAY, "one", told=lambda _: None)
        for file in (tmp_path / "lake" / "decisions").rglob("*.parquet"):
            file.unlink()
        estimate = estimated(settings, judge_of(), PROJECT, DAY, NOW)
    assert (estimate.units, estimate.free, estimate.calls) == (2, 2, 0)


def test_the_past_is_told_of_the_judges_own_version_only(tmp_path):
    settings = filled(tmp_path, outputs=["one"])
    assert habit(Lake.open(settings.lake), PROJECT, judge_of()).decisions == 0


def test_a_receipt_has_every_number_in_all_and_by_judge(tmp_path):
    settings = filled(tmp_path, outputs=["x" * 4000])
    both = [estimated(settings, judge_of(name=name), PROJECT, DAY, NOW) for name in ("short", "shorter")]
    told = receipt(PROJECT, DAY, both)
    assert told.counts["calls"] == 2 * told.counts["short.calls"] == 2 * told.counts["shorter.calls"] == 4
    assert expected_usd(told) == pytest.approx(2 * float(usd(both[0].expected)), abs=1e-6)
    assert told.notes[0].startswith("short@1: 2 calls of simulated/gpt-4o-mini on 1 units, about 0.000")
    assert expected_usd(Batch("estimate", PROJECT, DAY, 0)) == 0


def test_what_is_estimated_above_the_threshold_wants_a_yes():
    budget = BudgetSettings(confirm_over_usd=1.5)
    confirm(1.5, budget, "2026-11-19")
    with pytest.raises(NotConfirmed, match=r"2026-11-19 is estimated at 1\.51 USD, above .* 1\.5\. .* Say --yes"):
        confirm(1.51, budget, "2026-11-19")


def test_days_to_come_are_taken_to_cost_what_those_before_them_do():
    assert projected_usd([0.5], 4) == 2.0
    assert projected_usd([0.5, 1.5], 4) == 4.0
    assert projected_usd([1.0, 2.0], 2) == 3.0


def test_the_earlier_version_that_scores_some_units_beside_a_new_one_is_estimated_too(tmp_path):
    settings = filled(tmp_path, outputs=[f"Answer {n}." for n in range(40)])
    settings = settings.model_copy(update={"judges": judge_settings(NOBODY, overlap_units=20)})
    old, new = judge_of(), judge_of(version="2")
    assert [each.judge for each in estimates(settings, old, PROJECT, DAY, NOW)] == ["short@1"]
    remember_version(old, Lake.open(settings.lake), settings.judges)
    beside, own = estimates(settings, new, PROJECT, DAY, NOW)
    assert (beside.judge, own.judge) == ("short@1", "short@2")
    assert 8 <= beside.calls - 1 <= 32, "about half of the units, and the canary"
    told = receipt(PROJECT, DAY, [beside, own])
    assert told.counts["short.calls"] == told.counts["calls"] == beside.calls + own.calls
