"""The shipped prices beside the list that Phoenix ships, model by model."""

import datetime as dt
import fnmatch
import json
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.shared.prices import MILLION, PriceTable, bare_name

ROOT = Path(__file__).parents[2]
LIST = ".nightjar/venvs/phoenix/lib/python3*/site-packages/phoenix/server/cost_tracking/model_cost_manifest.json"
(MANIFEST,) = ROOT.glob(LIST)
MODELS = json.loads(MANIFEST.read_text("utf-8"), parse_float=Decimal)["models"]
NOW = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
TABLE = PriceTable.shipped()
KNOWN = [model for model in MODELS if TABLE.rate(model["name"], NOW)]
LIMIT = "llm.token_count.prompt"


def rates(model):
    """USD per million by (token type, whether prompt), ordinary and of long prompts, and where those begin."""
    prices, long, above = {}, {}, 0
    for price in model["token_prices"]:
        key = price["token_type"], price["is_prompt"]
        prices[key] = long[key] = Decimal(price["base_rate"]) * MILLION
        if rule := price.get("customization"):
            assert rule["key"] == LIMIT
            long[key], above = Decimal(rule["new_rate"]) * MILLION, int(rule["threshold"])
    return prices, long, above


def of(rate):
    """The same of one of ours; what goes without a price of its own is at that of input or output."""
    prompt = {"input": rate.input, "cache_read": rate.cache_read, "cache_write": rate.cache_write}
    prompt["audio"] = rate.input if rate.audio_input is None else rate.audio_input
    audio = rate.output if rate.audio_output is None else rate.audio_output
    completion = {"output": rate.output, "reasoning": rate.output, "audio": audio}
    return {(name, True): usd for name, usd in prompt.items()} | {
        (name, False): usd for name, usd in completion.items()
    }


@pytest.mark.parametrize("model", KNOWN, ids=lambda model: model["name"])
def test_every_price_that_both_lists_have_is_the_same(model):
    ours, (prices, long, above) = TABLE.rate(model["name"], NOW), rates(model)
    same = of(ours)
    assert {key: same[key] for key in prices} == prices
    assert ours.long_above == above
    if above:
        same = of(ours.long)
        assert {key: same[key] for key in long} == long


def matches(model, pattern):
    return any(fnmatch.fnmatchcase(name, pattern) for name in (model.lower(), bare_name(model)))


def test_the_table_says_which_names_were_compared():
    models = [model["name"] for model in MODELS]
    with (ROOT / "tasks/shared/prices.toml").open("rb") as file:
        entries = tomllib.load(file)["model"]
    taken = set()
    for entry in entries:
        found = {p: {n for n in models if n not in taken and matches(n, p)} for p in entry["match"]}
        taken |= set().union(*found.values())
        assert entry.get("checked", []) == [pattern for pattern, hits in found.items() if hits]
