"""Phoenix's own cost by model, from a real server: what it prices, what it does not, and never afterwards."""

import datetime as dt

import pytest

from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.phoenix import Phoenix
from tests.shared.gateways.phoenix.conftest import HOUR, WINDOW
from tests.traffic import TestSpan, ingest


def call(model, prompt, completion, minute=1, kind="LLM", **details):
    counts = {"prompt": prompt, "completion": completion, **details}
    attributes = {f"llm.token_count.{name}": count for name, count in counts.items()}
    attributes |= {"openinference.span.kind": kind, "llm.model_name": model}
    return TestSpan(HOUR + dt.timedelta(minutes=minute), attributes=attributes)


@pytest.fixture
def spans():
    return [
        call("gpt-4o", 1000, 100, **{"prompt_details.cache_read": 400}),
        call("gpt-4o", 1000, 100),
        call("gpt-4o", 999, 1, kind="AGENT"),
        call("gpt-4o-mini", 1000, 0),
        call("claude-3-5-sonnet-20240620", 1000, 10),
        call("gpt-4o", 7000, 7, minute=61),
    ]


async def test_cost_comes_by_phoenixs_model_of_the_window_with_prices(servers, settings, spans, project):
    ingest(servers.phoenix_url, project, spans)
    async with Phoenix(settings()) as phoenix:
        found = {each.model.name: each for each in await phoenix.model_costs(project, WINDOW)}
    assert set(found) == {"gpt-4o", "gpt-4o-mini"}
    assert found["gpt-4o"].cost_usd == pytest.approx((600 + 1000) * 2.5e-6 + 400 * 1.25e-6 + 200 * 10e-6)
    assert found["gpt-4o"].tokens == 2200
    assert found["gpt-4o-mini"].cost_usd == pytest.approx(1000 * 0.15e-6)
    assert found["gpt-4o"].prices == {("input", True): 2.5, ("output", False): 10.0, ("cache_read", True): 1.25}
    assert not found["gpt-4o"].model.own


async def test_the_models_that_phoenix_has_a_price_for_are_known_by_pattern(settings):
    async with Phoenix(settings()) as phoenix:
        models = await phoenix.priced_models()
    assert any(each.matches("gpt-4o-mini-2024-07-18") for each in models)
    assert not any(each.matches("claude-3-5-sonnet-20240620") for each in models)
    assert len(models) > 300


async def test_a_project_that_is_not_there_is_refused(settings):
    async with Phoenix(settings()) as phoenix:
        with pytest.raises(ServiceRefused, match="has no project"):
            await phoenix.model_costs("nowhere", WINDOW)
