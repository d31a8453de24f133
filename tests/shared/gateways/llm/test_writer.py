"""Texts and objects asked of models outside of judging, over HTTP against the simulated provider."""

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm import Errand, Models, Writer, answer_schema
from tasks.shared.prices import PriceTable
from tasks.shared.settings import BudgetSettings, JudgeSettings, Price
from tasks.shared.store.ledger import Ledger
from tests.providers import MODEL, books, change, judge_settings, simulated
from tests.shared.gateways.llm.test_models import MODEL_NAMES, settings_of

MESSAGES = [
    {"role": "system", "content": "You answer in one sentence."},
    {"role": "user", "content": "Where is parcel 7?"},
]


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
def url(provider):
    """A provider without faults."""
    change(provider, rate_429=0, rate_500=0, rate_malformed=0, permanent_status=0)
    return provider


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


@asynccontextmanager
async def writer(settings, ledger, run="r", prices=None, **budget):
    async with Models(settings) as models:
        errand = Errand(run, "p", "experiment")
        yield Writer(models, ledger, PriceTable.shipped(prices), BudgetSettings(**budget), errand)


async def write(settings, ledger, name=MODEL, run="r", budget=None, **question):
    async with writer(settings, ledger, run, **(budget or {})) as asked:
        return await asked.write(name, MESSAGES, **question)


@pytest.mark.parametrize("kind", ["openai", "anthropic", "google"])
async def test_a_text_and_an_object_come_with_what_they_cost(url, ledger, kind):
    before = Decimal(books(url)["exact_cost_usd"])
    settings, name = settings_of(kind, url), f"mine/{MODEL_NAMES[kind]}"
    text = await write(settings, ledger, name, parameters={"temperature": 0})
    thing = await write(settings, ledger, name, schema=answer_schema({"good": None, "bad": None}))
    assert (text.status, thing.status, text.answer) == ("answered", "answered", None)
    assert text.text
    assert thing.answer["label"] in {"good", "bad"}
    assert text.usage.prompt_tokens > 5
    assert text.latency_ms > 0
    spent = ledger.spending(judge="experiment", purpose="writing").settled_usd
    assert text.cost_usd + thing.cost_usd == pytest.approx(float(spent))
    if kind != "google":  # for whose models the simulated provider knows no price
        assert spent == Decimal(books(url)["exact_cost_usd"]) - before


async def test_what_was_paid_is_not_paid_again_and_measures_the_same(url, ledger):
    settings, before = judge_settings(url), books(url)["answered"]
    first = await write(settings, ledger, key="1")
    again = await write(settings, ledger, run="after a kill", key="1")
    other = await write(settings, ledger, key="2")
    hotter = await write(settings, ledger, key="1", parameters={"temperature": 1})
    assert (first.reused, again.reused, other.reused, hotter.reused) == (False, True, False, False)
    assert (again.text, again.usage, again.cost_usd) == (first.text, first.usage, first.cost_usd)
    assert (again.latency_ms, again.started_at) == (first.latency_ms, first.started_at)
    assert books(url)["answered"] - before == 3


async def test_nothing_is_asked_past_a_budget(url, ledger):
    settings, before = judge_settings(url), books(url)["answered"]
    async with writer(settings, ledger, per_judge_usd={"experiment": 0.002}) as asked:
        written = await asyncio.gather(*(asked.write(MODEL, MESSAGES, key=str(n)) for n in range(40)))
    stopped = [each for each in written if each.status == "budget_stopped"]
    assert 0 < len(stopped) < 40
    assert "budget judge:experiment:" in stopped[0].trouble
    assert (stopped[0].text, stopped[0].cost_usd) == ("", 0)
    assert books(url)["answered"] - before == 40 - len(stopped)
    assert ledger.spending(run="r").settled_usd <= Decimal("0.002")


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"permanent_status": 401}, "refused: "),
        ({"rate_500": 1.0}, "no answer after 3 tries, the last one: "),
        ({"rate_malformed": 1.0, "malformed_as": "null"}, "asked twice, the second time: "),
    ],
)
async def test_what_went_wrong_outside_is_told_and_costs_what_was_billed(url, ledger, faults, said):
    change(url, **faults)
    before = Decimal(books(url)["exact_cost_usd"])
    written = await write(judge_settings(url, attempts=3), ledger)
    assert (written.status, written.text) == ("errored", "")
    assert written.trouble.startswith(said)
    billed = Decimal(books(url)["exact_cost_usd"]) - before
    assert ledger.spending(run="r").settled_usd == billed
    assert written.cost_usd == pytest.approx(float(billed))


async def test_a_busy_provider_is_asked_again(url, ledger):
    change(url, rate_429=0.5, retry_after_seconds=0.01)
    async with writer(judge_settings(url, attempts=12), ledger) as asked:
        written = await asyncio.gather(*(asked.write(MODEL, MESSAGES, key=str(n)) for n in range(20)))
    assert {each.status for each in written} == {"answered"}


async def test_a_model_without_a_price_is_refused_and_a_free_one_is_not(url, ledger):
    settings = judge_settings(url)
    with pytest.raises(ConfigurationError, match=r"model 'unheard-of' has no price.*Add \[prices."):
        await write(settings, ledger, "simulated/unheard-of")
    with pytest.raises(ConfigurationError, match="Write provider/model"):
        await write(JudgeSettings(), ledger, "gpt-4o")
    async with writer(settings, ledger, prices={"gpt-4o-mini": Price(input=0, output=0)}, per_run_usd=0) as asked:
        assert (await asked.write(MODEL, MESSAGES)).status == "answered"
