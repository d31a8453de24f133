"""The price table: who is priced, how, since when."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.prices import PriceTable, bare_name
from tasks.shared.settings import Price

NOW = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
TABLE = PriceTable.shipped()


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("gpt-4o", "12.50"),
        ("gpt-4o-2024-05-13", "20.00"),
        ("openai/gpt-4o-mini", "0.75"),
        ("GPT-4o-Mini", "0.75"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "18.00"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "18.00"),
        ("bedrock/anthropic.claude-3-haiku-20240307-v1:0", "1.50"),
        ("claude-sonnet-4@20250514", "18.00"),
        ("claude-opus-4-1-20250805", "90.00"),
        ("models/gemini-2.5-flash", "2.80"),
        ("mistral.mistral-large-2407-v1:0", "8.00"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", "4.00"),
        ("text-embedding-3-small", "0.02"),
    ],
)
def test_a_million_tokens_in_and_out_cost_the_list_price(model: str, dollars: str) -> None:
    assert TABLE.cost_usd(model, NOW, 1_000_000, 1_000_000) == float(dollars)


@pytest.mark.parametrize("model", ["nobody-1", "", "ft:gpt-4o-mini-2024-07-18:acme::1", "gpt-image-2", None])
def test_a_model_without_a_price_costs_nothing_known(model: str | None) -> None:
    assert TABLE.cost_usd(model, NOW, 1_000, 1_000) is None


def test_without_any_token_count_the_cost_is_unknown() -> None:
    assert TABLE.cost_usd("gpt-4o", NOW, None, None) is None
    assert TABLE.cost_usd("gpt-4o", NOW, 1_000_000, None) == 2.5
    assert TABLE.cost_usd("gpt-4o", NOW, None, 1_000_000) == 10.0


def test_cached_tokens_are_part_of_the_prompt_and_have_their_own_price() -> None:
    # 700 * 3 + 100 * 15 + 200 * 0.30 + 100 * 3.75 dollars per million
    assert TABLE.cost_usd("claude-3-5-sonnet-20240620", NOW, 1_000, 100, 200, 100) == 0.004035


def test_more_cached_than_prompt_tokens_means_the_provider_counted_them_apart() -> None:
    assert TABLE.cost_usd("claude-3-5-sonnet-20240620", NOW, 10, 0, 1_000, 0) == (10 * 3 + 1_000 * 0.3) / 1e6


def test_the_price_is_that_of_the_day() -> None:
    before, after = dt.datetime(2025, 6, 9, 23, 59, tzinfo=dt.UTC), dt.datetime(2025, 6, 10, tzinfo=dt.UTC)
    assert TABLE.cost_usd("o3", before, 1_000_000, 0) == 10.0
    assert TABLE.cost_usd("o3", after, 1_000_000, 0) == 2.0
    assert TABLE.cost_usd("o3", dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 1_000_000, 0) is None


def test_the_batch_interface_is_cheaper() -> None:
    assert TABLE.cost_usd("gpt-4o", NOW, 1_000_000, 0, batch=True) == 1.25


def test_audio_has_its_own_price_on_both_sides() -> None:
    cost = TABLE.cost_usd("gpt-4o-audio-preview", NOW, 1_000, 500, audio=(800, 400))
    assert cost == (200 * 2.5 + 800 * 40 + 100 * 10 + 400 * 80) / 1e6
    assert TABLE.cost_usd("gpt-4o", NOW, 1_000, 500, audio=(800, 400)) == TABLE.cost_usd("gpt-4o", NOW, 1_000, 500)


def test_a_long_prompt_costs_more_as_a_whole_and_cached_tokens_count_for_its_length() -> None:
    model = "claude-sonnet-4-5-20250929"
    assert TABLE.cost_usd(model, NOW, 200_000, 1_000) == (200_000 * 3 + 1_000 * 15) / 1e6
    assert TABLE.cost_usd(model, NOW, 200_001, 1_000) == (200_001 * 6 + 1_000 * 22.5) / 1e6
    assert TABLE.cost_usd(model, NOW, 300_000, 0, 250_000, batch=True) == (50_000 * 6 + 250_000 * 0.6) / 2e6


def test_own_prices_may_have_long_prompts_audio_and_batches() -> None:
    price = Price.model_validate(
        {"input": 1, "output": 2, "audio_input": 9, "batch": 0.25, "long": {"above": 10, "input": 3, "output": 4}}
    )
    own = PriceTable.shipped({"m": price})
    assert own.cost_usd("m", NOW, 10, 10, audio=(4, 4)) == (6 + 4 * 9 + 10 * 2) / 1e6
    assert own.cost_usd("m", NOW, 11, 10, batch=True) == (11 * 3 + 10 * 4) / 4e6


COUNTS = st.integers(0, 10**6)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.tuples(COUNTS, COUNTS), st.booleans())
def test_no_discount_makes_a_call_free_or_dearer(prompt, completion, read, write, audio, batch) -> None:
    for model in ("gpt-4o", "claude-sonnet-4-5", "gpt-4o-audio-preview", "gemini-2.5-pro"):
        rate = TABLE.rate(model, NOW)
        cost = rate.cost(prompt, completion, read, write, audio=audio, batch=batch)
        dearest = max(rate.input, rate.cache_write, rate.audio_input or 0)
        spoken = max(rate.output, rate.audio_output or 0)
        assert 0 <= cost <= ((prompt + read + write) * dearest * 2 + completion * spoken * 2) / 1_000_000
        assert rate.cost(prompt, completion, read, write, audio=audio, batch=True) <= cost
        if prompt >= read + write:  # more of the prompt from the cache is never dearer
            fewer = rate.cost(prompt, completion, 0, write, audio=(0, audio[1]), batch=batch)
            assert rate.cost(prompt, completion, read, write, audio=(0, audio[1]), batch=batch) <= fewer


@given(COUNTS, COUNTS, st.integers(0, 300_000), st.integers(0, 300_000))
def test_the_parts_of_a_call_cost_what_the_call_costs(prompt, completion, read, write) -> None:
    rate = TABLE.rate("claude-3-5-sonnet", NOW)
    whole = rate.cost(prompt + read + write, completion, read, write)
    parts = rate.cost(prompt, 0), rate.cost(0, completion), rate.cost(read, 0, read, 0), rate.cost(write, 0, 0, write)
    assert whole == sum(parts)


def test_settings_override_the_shipped_table() -> None:
    own = PriceTable.shipped({"gpt-4o": Price(input=1, output=2), "Sim-*": Price(input=3, output=4, cache_read=0)})
    assert own.cost_usd("openai/gpt-4o", NOW, 1_000_000, 1_000_000) == 3.0
    assert own.cost_usd("sim-large", NOW, 1_000_000, 0, 500_000) == 1.5
    assert own.cost_usd("gpt-4o-mini", NOW, 1_000_000, 0) == 0.15


def test_an_override_wins_where_the_shipped_price_has_a_date() -> None:
    own = PriceTable.shipped({"o3-2025-04-16": Price(input=1, output=1)})
    assert own.cost_usd("o3-2025-04-16", NOW, 1_000_000, 0) == 1.0


def test_a_cache_price_of_zero_is_a_price() -> None:
    own = PriceTable.shipped({"m": Price(input=3, output=4, cache_read=0, cache_write=0)})
    assert own.cost_usd("m", NOW, 1_000_000, 0, 500_000, 500_000) == 0.0


def test_names_lose_what_gateways_put_before_them() -> None:
    assert bare_name("bedrock/us.anthropic.claude-3-5-sonnet-20240620-v1:0") == "claude-3-5-sonnet-20240620-v1:0"
    assert bare_name("gpt-4.1-mini") == "gpt-4.1-mini"


def test_every_shipped_price_is_dated_in_order_and_the_output_is_not_cheaper_than_the_cache() -> None:
    assert len(TABLE.models) >= 25
    for model in TABLE.models:
        since = [rate.since for rate in model.rates]
        assert since == sorted(set(since), reverse=True)
        assert all(rate.cache_read <= rate.input for rate in model.rates)
        assert all(0 < rate.batch <= 1 for rate in model.rates)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(1, 50))
def test_the_cost_is_the_exact_product_rounded_once(prompt: int, completion: int, calls: int) -> None:
    cost = TABLE.cost_usd("gpt-4o-mini", NOW, prompt, completion)
    exact = (prompt * Decimal("0.15") + completion * Decimal("0.6")) / 1_000_000
    assert cost == float(exact)
    assert round(sum([cost] * calls), 2) == pytest.approx(float(exact * calls), abs=0.0051)


def test_training_has_a_price_of_its_own_and_none_where_nobody_knows_it() -> None:
    assert TABLE.training_usd("gpt-4o-mini-2024-07-18", NOW, 2_000_000) == 6.0
    assert TABLE.training_usd("gpt-4o", NOW, 100_000) == 2.5
    assert TABLE.training_usd("claude-sonnet-4", NOW, 1) is None
    assert TABLE.training_usd("nobody-1", NOW, 1) is None
    own = PriceTable.shipped({"nova-lite*": Price(input=1, output=2, training=4)})
    assert own.training_usd("amazon.nova-lite-v1:0", NOW, 500_000) == 2.0
