"""Why Phoenix's cost of a model is another than ours, told from literals."""

import datetime as dt

import pytest

from tasks.fetch.reconciled import Prices, booked_as, reconciled, unknown_models
from tasks.shared.gateways.phoenix import ModelCost, PricedModel
from tasks.shared.prices import PriceTable
from tasks.shared.records import Window
from tasks.shared.settings import Price

DAY = Window.of_day(dt.date(2026, 11, 19))
BEFORE, DURING = DAY.start - dt.timedelta(days=9), DAY.start + dt.timedelta(hours=9)
PRICES = Prices(PriceTable.shipped({"own-*": Price(input=1, output=2)}), 0.01)
GPT_4O = {("input", True): 2.5, ("output", False): 10.0, ("cache_read", True): 1.25}


def ours(model="gpt-4o", cost=1.0, **values):
    row = {"model": model, "calls": 10, "llm_calls": 10, "priced": 10, "cost_usd": cost, "other_usd": 0.0}
    return row | {"tokens": 1000} | values


def model(name="gpt-4o", pattern="", own=False, added_at=BEFORE):
    return PricedModel(name, pattern or name, own, added_at, None)


def theirs(cost=1.0, tokens=1000, prices=GPT_4O, **values):
    return ModelCost(model(**values), cost, tokens, prices)


def rows(mine, found, known=()):
    return reconciled(mine, found, known, PRICES, DAY, asked_at=DAY.end).to_pylist()


@pytest.mark.parametrize(
    ("mine", "found", "reason", "told"),
    [
        (ours(), theirs(), "same", ""),
        (ours(), theirs(cost=1.009), "same", ""),
        (ours(), theirs(cost=2.0, prices={("input", True): 5.0}), "different_price", "input $5 there, $2.5 here"),
        (ours(), theirs(cost=0.5, tokens=400), "different_tokens", "400 tokens, 1,000 are counted here"),
        (ours(), theirs(cost=2.0), "discount", "no batch price"),
        (ours(other_usd=0.5), theirs(cost=0.5), "not_llm", "$0.5000 here are of spans of other kinds"),
        (ours(cost=0.0, priced=0), theirs(), "unknown_here", "set one in [prices]"),
    ],
)
def test_the_reason_of_a_difference_is_told(mine, found, reason, told):
    (row,) = rows([mine], [found])
    assert (row["reason"], told in row["told"]) == (reason, True)
    assert (row["reason"] == "same") == (row["told"] == "")


def test_a_price_that_people_added_later_in_the_day_explains_the_missing_tokens():
    late = theirs(cost=0.4, tokens=400, prices={("input", True): 1.0}, name="own-1", own=True, added_at=DURING)
    (row,) = rows([ours("own-1")], [late])
    assert row["reason"] == "priced_later"


@pytest.mark.parametrize(
    ("mine", "known", "reason"),
    [
        (ours("own-1"), (), "unknown_to_phoenix"),
        (ours("own-1"), (model("own-1", own=True, added_at=DURING),), "priced_later"),
        (ours("embedder", llm_calls=0), (), "not_llm"),
        (ours("nobody", cost=0.0, priced=0), (), "unknown_to_both"),
        (ours("", cost=0.0, priced=0), (), "unknown_to_both"),
    ],
)
def test_where_phoenix_booked_nothing_the_reason_is_told_too(mine, known, reason):
    (row,) = rows([mine], [], known)
    assert (row["reason"], row["phoenix_cost_usd"]) == (reason, None)


def test_names_of_one_model_of_phoenix_are_summed():
    (row,) = rows([ours("gpt-4o"), ours("gpt-4o-2024-08-06")], [theirs(cost=2.0, tokens=2000)])
    assert (row["reason"], row["models"], row["calls"]) == ("same", "gpt-4o, gpt-4o-2024-08-06", 20)


def test_a_model_is_booked_under_its_own_name_before_a_pattern_that_fits_too():
    found = [theirs(), theirs(name="gpt-4o-mini")]
    assert booked_as("gpt-4o-mini", found).model.name == "gpt-4o-mini"
    assert booked_as("gpt-4o-mini-2024-07-18", found).model.name == "gpt-4o-mini"
    assert booked_as("claude", found) is None
    assert booked_as("", found) is None


def test_what_only_phoenix_has_is_a_row_of_its_own():
    (row,) = rows([], [theirs()])
    assert (row["model"], row["calls"], row["cost_usd"], row["reason"]) == ("gpt-4o", 0, None, "not_here")


def test_only_models_that_phoenix_booked_nothing_for_are_asked_about():
    mine = [ours(), ours("own-1"), ours("nobody", priced=0), ours("embedder", llm_calls=0)]
    assert unknown_models(mine, [theirs()]) == ["own-1"]
