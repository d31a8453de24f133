"""Embeddings over HTTP from the simulated provider: paid once, under the same walls as any other question."""

from decimal import Decimal

import httpx
import numpy as np
import pytest

from tasks.shared.errors import ConfigurationError, Inconclusive, ServiceUnavailable
from tasks.shared.gateways.llm import EmbeddingModels, Errand, Writer, embeddings
from tasks.shared.prices import PriceTable
from tasks.shared.settings import BudgetSettings
from tasks.shared.store.ledger import Ledger
from tests.providers import books, change, judge_settings, simulated
from tests.shared.gateways.llm.test_models import settings_of

MODEL = "simulated/text-embedding-3-small"
TEXTS = [f"alerts of device {number}" for number in range(70)]


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
def url(provider):
    """A provider without faults whose books are empty."""
    change(provider, rate_429=0, rate_500=0, permanent_status=0)
    httpx.post(f"{provider}/simulated/calls/reset").raise_for_status()
    return provider


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


async def vectors(settings, ledger, texts=TEXTS, name=MODEL, **budget):
    async with EmbeddingModels(settings) as models:
        writer = Writer(models, ledger, PriceTable.shipped(), BudgetSettings(**budget), Errand("r", "p", "experiment"))
        return await embeddings(writer, name, texts)


async def test_vectors_come_in_order_and_are_paid_once(url, ledger):
    settings = judge_settings(url)
    found = await vectors(settings, ledger)
    again = await vectors(settings, ledger)
    assert found.shape == (70, 256)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert (found == again).all()
    assert (await vectors(settings, ledger, TEXTS[65:]) == found[65:]).all()
    kept = books(url)
    assert kept["answered"] == 3
    assert ledger.spending(purpose="writing").settled_usd == Decimal(kept["exact_cost_usd"]) > 0


async def test_there_are_none_without_money_or_provider_or_of_a_kind_without(url, ledger):
    with pytest.raises(Inconclusive, match=r"budget .* has no room"):
        await vectors(judge_settings(url), ledger, per_day_usd=0)
    change(url, permanent_status=401)
    with pytest.raises(ServiceUnavailable, match="refused"):
        await vectors(judge_settings(url), ledger)
    with pytest.raises(ConfigurationError, match="has no embeddings"):
        await vectors(settings_of("anthropic", url), ledger, name="mine/text-embedding-3-small")
    with pytest.raises(ConfigurationError, match="no price"):
        await vectors(judge_settings(url), ledger, name="simulated/unheard-of")
