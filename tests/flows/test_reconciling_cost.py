"""Phoenix's own cost beside the lake's: asked of a real Phoenix, and no failure where it does not answer."""

import datetime as dt
import json

import httpx
import pytest

from flows.ingestion import ingestion
from tasks.fetch.steps import reconcile_cost
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import PHOENIX_COSTS
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

DAY = Window.of_day(dt.date(2026, 3, 1))


def call(minute, model, prompt, completion, **attributes):
    counts = {"llm.token_count.prompt": prompt, "llm.token_count.completion": completion}
    told = {"openinference.span.kind": "LLM", "llm.model_name": model, **counts, **attributes}
    return TestSpan(DAY.start + dt.timedelta(minutes=minute), attributes=told)


def stored():
    settings = load_settings()
    return {
        row["model"]: row for row in Lake.open(settings.lake).read(PHOENIX_COSTS, settings.project, DAY).to_pylist()
    }


async def test_a_days_cost_is_reconciled_by_model_and_once_more_is_the_same(servers, nightjar_env, project):
    batch = {"gen_ai.response.service_tier": "batch"}
    cached = {"llm.token_count.prompt_details.cache_read": 400}
    spans = [
        call(1, "gpt-4o", 1000, 100, **cached),
        call(2, "gpt-4o-mini", 1000, 100, **batch),
        call(3, "claude-3-5-sonnet-20240620", 1000, 100),
        call(4, "nobody-1", 1000, 100),
    ]
    ingest(servers.phoenix_url, project, spans)
    await ingestion(DAY, project)
    receipt = await reconcile_cost(project, DAY)
    assert (receipt.rows, receipt.notes) == (4, ())
    rows = stored()
    assert {name: row["reason"] for name, row in rows.items()} == {
        "gpt-4o": "same",
        "gpt-4o-mini": "discount",
        "claude-3-5-sonnet-20240620": "unknown_to_phoenix",
        "nobody-1": "unknown_to_both",
    }
    assert rows["gpt-4o"]["cost_usd"] == pytest.approx(600 * 2.5e-6 + 400 * 1.25e-6 + 100 * 10e-6)
    assert rows["gpt-4o"]["phoenix_cost_usd"] == pytest.approx(rows["gpt-4o"]["cost_usd"])
    assert rows["gpt-4o-mini"]["phoenix_cost_usd"] == pytest.approx(2 * rows["gpt-4o-mini"]["cost_usd"])
    assert (await reconcile_cost(project, DAY)).rows == 4
    assert stored().keys() == rows.keys()


async def test_a_phoenix_that_does_not_tell_is_a_note_and_no_failure(nightjar_env, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_PHOENIX__URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NIGHTJAR_PHOENIX__ATTEMPTS", "1")
    receipt = await reconcile_cost(project, DAY)
    assert (receipt.rows, receipt.counts["unanswered"]) == (0, 1)
    assert "no cost of Phoenix" in receipt.notes[0]
    assert stored() == {}


async def test_switched_off_nothing_is_asked(nightjar_env, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_PHOENIX__URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NIGHTJAR_COST__RECONCILE", "false")
    assert (await reconcile_cost(project, DAY)).notes == ("cost.reconcile is off",)


ADD_MODEL = """
mutation Add($name: String!) {
  createModel(input: {name: $name, namePattern: $name, costs: [
    {tokenType: "input", kind: PROMPT, costPerMillionTokens: 1},
    {tokenType: "output", kind: COMPLETION, costPerMillionTokens: 2}
  ]}) { model { id } }
}
"""


def give_price(phoenix_url, name):
    asked = {"query": ADD_MODEL, "variables": {"name": name}}
    answer = httpx.post(f"{phoenix_url}/graphql", json=asked, timeout=30).json()
    assert "errors" not in answer


async def test_a_price_that_phoenix_gets_after_the_spans_changes_nothing_and_is_told(
    servers, nightjar_env, project, monkeypatch
):
    name = f"own-{project}"
    monkeypatch.setenv("NIGHTJAR_PRICES", json.dumps({name: {"input": 1, "output": 2}}))
    ingest(servers.phoenix_url, project, [call(1, name, 1000, 100)])
    await ingestion(DAY, project)
    await reconcile_cost(project, DAY)
    assert stored()[name]["reason"] == "unknown_to_phoenix"
    give_price(servers.phoenix_url, name)
    await reconcile_cost(project, DAY)
    row = stored()[name]
    assert (row["reason"], row["phoenix_cost_usd"]) == ("priced_later", None)
    assert row["cost_usd"] == pytest.approx(1200 / 1e6)
