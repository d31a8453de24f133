"""The simulator's own arithmetic of cost, by hand."""

import pytest

from deployments.simulator.prices import GPT_4O, HAIKU, SONNET, Usage


@pytest.mark.parametrize(
    ("usage", "cost_usd"),
    [
        (Usage(GPT_4O, 1_000_000, 0), 2.50),
        (Usage(GPT_4O, 1_000_000, 1_000_000, cache_read=400_000), 0.6 * 2.50 + 0.4 * 1.25 + 10.00),
        (Usage(SONNET, 1000, 100, cache_read=200, cache_write=300), (500 * 3 + 200 * 0.3 + 300 * 3.75 + 1500) / 1e6),
        (Usage(HAIKU, 4000, 0, cache_write=4000), 0.0012),
        (Usage(None, 1000, 1000), None),
        (Usage("unheard-of", 1000, 1000), None),
    ],
)
def test_cost_follows_from_the_tokens(usage, cost_usd):
    assert usage.cost_usd == (None if cost_usd is None else pytest.approx(cost_usd))


def test_cache_counts_are_left_out_where_there_are_none():
    assert Usage(GPT_4O, 10, 5).attributes == {
        "llm.token_count.prompt": 10,
        "llm.token_count.completion": 5,
        "llm.token_count.total": 15,
    }
