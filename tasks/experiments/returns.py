"""When a model that cost money to train has earned it back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from tasks.shared.records import Metric
from tasks.shared.statistics.clustered import clustered_mean

if TYPE_CHECKING:
    from tasks.experiments.paired import Sides
    from tasks.shared.prices import PriceTable
    from tasks.shared.settings import GateSettings

QUERIES = 1000
TAIL = 0.025


@dataclass(frozen=True)
class Return:
    """What the candidate saves per 1,000 queries (below 0: costs more), and what was paid for training it.

    `break_even` is the number of queries after which training is paid for, `soonest` and `latest` at the ends of the
    saving's interval; None stands for never.
    """

    saving_usd: Metric
    training_usd: float | None
    break_even: float | None
    soonest: float | None
    latest: float | None


def training_usd(gate: GateSettings, model: str, prices: PriceTable, at: dt.datetime) -> float | None:
    """What training *model* cost: as the gate says, else by its tokens and the base model's price; None if unknown."""
    if gate.training_cost_usd is not None or gate.training_tokens is None:
        return gate.training_cost_usd
    return prices.training_usd(base_model(model), at, gate.training_tokens)


def base_model(model: str) -> str:
    """The model that a fine-tuned one was made from, by OpenAI's way of naming; another name is its own.

    >>> base_model("openai/ft:gpt-4o-mini-2024-07-18:acme::9x")
    'gpt-4o-mini-2024-07-18'
    """
    name = model.rpartition("/")[2]
    return name.split(":")[1] if name.startswith("ft:") else model


def returns(sides: Sides, training_usd: float | None) -> Return | None:
    """The return on training, from examples whose cost is known on both sides; None without any."""
    import numpy as np

    saved = sides.baseline.cost_usd - sides.candidate.cost_usd
    known = ~np.isnan(saved)
    if not known.any():
        return None
    clusters = [cluster for cluster, there in zip(sides.clusters, known, strict=True) if there]
    mean = clustered_mean(saved[known], clusters)
    bounds = mean.bounds(TAIL)
    low, high = (QUERIES * bound for bound in bounds) if all(map(isfinite, bounds)) else (None, None)
    coverage = mean.n / len(saved)
    saving = Metric("saving_usd/1000_queries", QUERIES * mean.value, mean.n, coverage, low, high, unit="usd")
    break_even, soonest, latest = (_queries(training_usd, usd) for usd in (saving.value, high, low))
    return Return(saving, training_usd, break_even, soonest, latest)


def _queries(training_usd: float | None, saving_usd: float | None) -> float | None:
    """How many queries pay for training, at that saving per 1,000."""
    if training_usd is None or saving_usd is None or saving_usd <= 0:
        return None
    return training_usd / saving_usd * QUERIES
