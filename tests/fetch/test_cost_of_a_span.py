"""What of a span's usage enters its cost: what was counted apart, batches, the cache, audio."""

from typing import Any

import pytest

from tests.fetch.raw_spans import row_of

LLM_CALL = {"llm.model_name": "gpt-4o", "llm.token_count.prompt": 1000, "llm.token_count.completion": 100}


@pytest.mark.parametrize(
    ("said", "prompt", "completion"),
    [
        ({"total_tokens": 110, "cache_read_input_tokens": 40}, 100, 10),  # the cached ones are part of the prompt
        ({"total_tokens": 150, "cache_read_input_tokens": 40}, 140, 10),
        ({"total_tokens": 110, "reasoning_tokens": 5}, 100, 10),
        ({"total_tokens": 115, "reasoning_tokens": 5}, 100, 15),
        ({"total_tokens": 155, "reasoning_tokens": 5, "cache_read_input_tokens": 40}, 140, 15),
        ({"reasoning_tokens": 30}, 100, 40),  # more reasoning than output: it was counted apart
        ({"total_tokens": 999, "reasoning_tokens": 5}, 100, 10),
    ],
)
def test_the_total_tells_what_was_counted_apart(said: dict[str, Any], prompt: int, completion: int) -> None:
    usage = {"input_tokens": 100, "output_tokens": 10, **said}
    row = row_of({f"gen_ai.usage.{name}": count for name, count in usage.items()})
    assert (row["prompt_tokens"], row["completion_tokens"]) == (prompt, completion)


@pytest.mark.parametrize(
    ("told", "factor"),
    [
        ({"gen_ai.response.service_tier": "batch"}, 0.5),
        ({"gen_ai.openai.response.service_tier": "flex"}, 0.5),
        ({"gen_ai.openai.request.service_tier": "batch", "gen_ai.openai.response.service_tier": "default"}, 1.0),
        ({"llm.invocation_parameters": '{"temperature": 0, "service_tier": "flex"}'}, 0.5),
        ({"metadata": '{"service_tier": "Batch"}'}, 0.5),
        ({"metadata": '{"service_tier": "priority"}'}, 1.0),
        ({}, 1.0),
    ],
)
def test_a_call_by_batch_costs_the_price_of_batches(told: dict[str, Any], factor: float) -> None:
    row = row_of({**LLM_CALL, **told})
    assert row["cost_usd"] == pytest.approx((1000 * 2.5 + 100 * 10) / 1e6 * factor)


def test_cached_tokens_and_audio_enter_the_cost_of_a_span() -> None:
    cached = row_of({**LLM_CALL, "llm.token_count.prompt_details.cache_read": 400})
    assert cached["cost_usd"] == pytest.approx((600 * 2.5 + 400 * 1.25 + 100 * 10) / 1e6)
    details = {"llm.token_count.prompt_details.audio": 300, "llm.token_count.completion_details.audio": 40}
    heard = row_of({**LLM_CALL, "llm.model_name": "gpt-4o-audio-preview", **details})
    assert heard["cost_usd"] == pytest.approx((700 * 2.5 + 300 * 40 + 60 * 10 + 40 * 80) / 1e6)
