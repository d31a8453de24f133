"""What a call can cost at most, and what it did cost."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.evaluate.library import known_judges
from tasks.evaluate.tariff import tariff
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm import Usage
from tasks.shared.prices import PriceTable
from tasks.shared.settings import JudgeSettings, LongPrice, Price
from tasks.shared.store.ledger import usd

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
JUDGE = known_judges(JudgeSettings())["faithfulness"]
MINE = Price(input=1.0, output=4.0, cache_read=0.25, cache_write=1.25)
DEAR, CHEAP = LongPrice(above=200, input=5.0, output=20.0), LongPrice(above=200, input=0.1, output=0.4)
PRICES = PriceTable.shipped(
    {
        "mine": MINE,
        "dear-when-long": MINE.model_copy(update={"long": DEAR}),
        "cheap-when-long": MINE.model_copy(update={"long": CHEAP}),
    }
)


def test_a_cost_is_exact_to_the_last_token():
    exact = tariff(JUDGE, "provider/mine", PRICES, NOW).cost(Usage(1000, 10, 200, 100))
    assert usd(exact) * 1_000_000 == 700 * 1 + 200 * 0.25 + 100 * 1.25 + 10 * 4


def test_a_batch_costs_what_the_table_says_of_batches():
    mini = tariff(JUDGE, "openai/gpt-4o-mini", PRICES, NOW)
    half = tariff(JUDGE, "openai/gpt-4o-mini", PRICES, NOW, batch=True)
    assert half.cost(Usage(1000, 100)) * 2 == mini.cost(Usage(1000, 100))
    assert half.most([{"role": "user", "content": "a"}], JUDGE) < mini.most([{"role": "user", "content": "a"}], JUDGE)


def test_a_model_without_a_price_is_refused_unless_the_judge_says_it_is_free():
    with pytest.raises(ConfigurationError, match=r"'unheard-of' of judge faithfulness has no price.*price: 0"):
        tariff(JUDGE, "provider/unheard-of", PRICES, NOW)
    free = tariff(JUDGE.model_copy(update={"price": 0}), "provider/unheard-of", PRICES, NOW)
    assert free.cost(Usage(10**6, 10**6)) == free.most([{"role": "user", "content": "a"}], JUDGE) == 0


@given(
    st.text(min_size=1, max_size=400),
    st.integers(1, 50),
    st.sampled_from(["mine", "dear-when-long", "cheap-when-long"]),
    st.booleans(),
)
def test_the_most_a_call_can_cost_covers_one_token_for_every_byte(content, times, model, batch):
    messages = [{"role": "user", "content": content * times}]
    size = len(content.encode()) * times
    mine = tariff(JUDGE, f"provider/{model}", PRICES, NOW, batch=batch)
    for tokens in (size + 4, size // 2, size // 4):
        worst = Usage(tokens, JUDGE.max_output_tokens, 0, tokens)
        assert mine.cost(worst) <= mine.most(messages, JUDGE)
