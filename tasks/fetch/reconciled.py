"""Phoenix's cost beside ours, model by model, with the reason that can be told where they differ."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tasks.shared.gateways.phoenix import ModelCost, PricedModel
from tasks.shared.prices import PriceTable, Rate
from tasks.shared.records import CostReason, Window
from tasks.shared.store.tables import PHOENIX_COSTS
from tasks.shared.values import twelve_digits

# Of each model of ours: Phoenix prices spans of kind LLM only, so the others' cost is told apart.
OURS = """
SELECT coalesce(model, '') AS model, count(*) AS calls, count(*) FILTER (kind = 'LLM') AS llm_calls,
    count(cost_usd) AS priced, coalesce(fsum(cost_usd), 0) AS cost_usd,
    coalesce(fsum(cost_usd) FILTER (kind <> 'LLM'), 0) AS other_usd, CAST(coalesce(sum(
        coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0)) FILTER (kind = 'LLM'), 0) AS BIGINT) AS tokens
FROM spans WHERE kind = 'LLM' OR total_tokens IS NOT NULL OR cost_usd IS NOT NULL
GROUP BY ALL ORDER BY model
"""
SAID_RATES = {
    ("input", True): ("input", "input"),
    ("output", False): ("output", "output"),
    ("cache_read", True): ("cache_read", "cached input"),
    ("cache_write", True): ("cache_write", "cache writes"),
}


@dataclass(frozen=True)
class Ours:
    """What the lake has of the models that Phoenix books as one: their names, and sums of OURS over them."""

    models: tuple[str, ...]
    calls: int
    llm_calls: int
    priced: int
    cost_usd: float
    other_usd: float
    tokens: int
    unpriced_models: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> "Ours":
        """The sum of *rows*."""
        counts = {name: sum(row[name] for row in rows) for name in ("calls", "llm_calls", "priced", "tokens")}
        usd = {name: sum(row[name] for row in rows) for name in ("cost_usd", "other_usd")}
        names = tuple(row["model"] for row in rows)
        return cls(names, **counts, **usd, unpriced_models=tuple(row["model"] for row in rows if not row["priced"]))


@dataclass(frozen=True)
class Prices:
    """Our table, and the share by which figures may differ before it is called a difference."""

    table: PriceTable
    tolerance: float


def booked_as(model: str, found: Iterable[ModelCost]) -> ModelCost | None:
    """What Phoenix books *model* as, among what it *found*: its own name, or else the longest pattern that matches."""
    matching = [each for each in found if each.model.matches(model)] if model else []
    return max(matching, key=lambda each: (each.model.name == model, len(each.model.pattern)), default=None)


def unknown_models(ours: Sequence[Mapping[str, Any]], found: Sequence[ModelCost]) -> list[str]:
    """Models with a price here that Phoenix booked nothing for."""
    return [row["model"] for row in ours if row["priced"] and row["llm_calls"] and not booked_as(row["model"], found)]


def reconciled(
    ours: Sequence[Mapping[str, Any]],
    found: Sequence[ModelCost],
    known: Sequence[PricedModel],
    prices: Prices,
    window: Window,
    *,
    asked_at: dt.datetime,
) -> pa.Table:
    """Rows of PHOENIX_COSTS; *ours* are rows of OURS, *known* the models that Phoenix has a price for by now."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    booked = {each.model.name: each for each in found}
    for row in ours:
        cost = booked_as(row["model"], found)
        groups[cost.model.name if cost else row["model"]].append(row)
    rows = []
    for name in sorted({*groups, *booked}):
        mine, theirs = Ours.of(groups[name]), booked.get(name)
        reason, told = reason_of(mine, theirs, known, prices, window)
        rows.append(
            {
                "start_time": window.start,
                "end_time": window.end,
                "model": name,
                "models": ", ".join(mine.models) or None,
                "calls": mine.calls,
                "tokens": mine.tokens,
                "cost_usd": twelve_digits(mine.cost_usd) if mine.priced else None,
                "phoenix_tokens": theirs.tokens if theirs else None,
                "phoenix_cost_usd": twelve_digits(theirs.cost_usd) if theirs else None,
                "reason": reason,
                "told": told,
                "asked_at": asked_at,
            }
        )
    return pa.Table.from_pylist(rows, schema=PHOENIX_COSTS.schema)


def reason_of(
    mine: Ours, theirs: ModelCost | None, known: Sequence[PricedModel], prices: Prices, window: Window
) -> tuple[CostReason, str]:
    """Why the two figures differ, in a word and in a sentence; `same` where they do not."""
    if theirs is None:
        return _not_there(mine, known)
    if not mine.calls:
        return "not_here", "The lake has no such spans: they were changed, deleted, or came in since."
    if mine.unpriced_models:
        return "unknown_here", f"No price here for {', '.join(mine.unpriced_models) or 'it'}: set one in [prices]."
    largest = max(mine.cost_usd, theirs.cost_usd)
    if abs(mine.cost_usd - theirs.cost_usd) <= prices.tolerance * largest:
        return "same", ""
    if mine.other_usd > prices.tolerance * largest:
        return "not_llm", f"${mine.other_usd:.4f} here are of spans of other kinds; Phoenix prices LLM spans only."
    if differing := _other_rates(mine.models, theirs, prices.table, window.start):
        return "different_price", differing
    if abs(mine.tokens - theirs.tokens) > prices.tolerance * max(mine.tokens, theirs.tokens):
        counted = f"It priced {theirs.tokens:,} tokens, {mine.tokens:,} are counted here"
        if theirs.tokens < mine.tokens and theirs.model.own and theirs.model.added_at > window.start:
            return "priced_later", f"{counted}: spans that came before the price got none, and get none afterwards."
        return "different_tokens", f"{counted}: calls told twice, or cached tokens and reasoning counted apart."
    return "discount", "Prices and tokens are the same: Phoenix knows no batch price, or a long prompt differs."


def _not_there(mine: Ours, known: Sequence[PricedModel]) -> tuple[CostReason, str]:
    """Why Phoenix booked nothing."""
    name = mine.models[0]
    if not mine.priced:
        return "unknown_to_both", "Neither has a price."
    if not mine.llm_calls:
        return "not_llm", "Phoenix prices spans of kind LLM only."
    if any(model.matches(name) for model in known):
        return "priced_later", "Phoenix has a price by now, and had none when these spans came in."
    return "unknown_to_phoenix", "Phoenix has no price for it."


def _other_rates(models: Sequence[str], theirs: ModelCost, table: PriceTable, at: dt.datetime) -> str:
    """Which list prices differ, with both; empty where all that both have are equal."""
    rates = [rate for model in models if (rate := table.rate(model, at))]
    told = []
    for key, (name, said) in SAID_RATES.items():
        ours, its = {_usd(rate, name) for rate in rates}, theirs.prices.get(key)
        if its is not None and any(abs(usd - its) > 1e-9 * max(usd, its) for usd in ours):
            told.append(f"{said} ${its:g} there, {' and '.join(f'${usd:g}' for usd in sorted(ours))} here")
    return f"Per million tokens: {'; '.join(told)}." if told else ""


def _usd(rate: Rate, name: str) -> float:
    return float(getattr(rate, name))
