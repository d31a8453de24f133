"""Two variants side by side as literals."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np

from tasks.experiments.paired import Paired, Side, Sides
from tasks.shared.settings import GateMetric, GateSettings


def pair(baseline: Sequence[float], candidate: Sequence[float], metric: str = "valid", **values: Any) -> Paired:
    """One metric; nan is no score. Each example is a cluster of its own."""
    ids = tuple(f"e{i:03}" for i in range(len(baseline)))
    scores = {*baseline, *candidate} - {s for s in (*baseline, *candidate) if np.isnan(s)}
    fields: dict[str, Any] = {
        "metric": metric,
        "direction": "maximize",
        "example_ids": ids,
        "clusters": ids,
        "strata": ("usual",) * len(ids),
        "baseline": np.array(baseline, dtype=float),
        "candidate": np.array(candidate, dtype=float),
        "eligible": np.ones(len(ids), dtype=bool),
        "binary": scores <= {0.0, 1.0},
        "version": "1",
    }
    return Paired(**{**fields, **values})


def changed(n: int, wins: int, losses: int, rate: float = 1.0, **values: Any) -> Paired:
    """*n* right-or-wrong examples; the candidate wins and loses so many. *rate*: of the others that both get right."""
    same = n - wins - losses
    right = round(same * rate)
    baseline = [0.0] * wins + [1.0] * losses + [1.0] * right + [0.0] * (same - right)
    candidate = [1.0] * wins + [0.0] * losses + [1.0] * right + [0.0] * (same - right)
    return pair(baseline, candidate, **values)


def side(name: str, n: int, cost_usd: float = 0.01, latency_ms: float = 1000.0, **values: Any) -> Side:
    """One variant whose every answer took the same."""
    fields: dict[str, Any] = {
        "experiment": sha256(name.encode()).hexdigest()[:16],
        "variant": f"prompt:sql-writer@{name}",
        "traced_in": f"experiment {name}",
        "statuses": {"answered": n},
        "cost_usd": np.full(n, cost_usd),
        "latency_ms": np.full(n, latency_ms),
        "tokens": np.full(n, 100.0),
        "traces": tuple(f"{name}-{i}" for i in range(n)),
    }
    return Side(**{**fields, **values})


def sides(*pairs: Paired, planned: int = 0, **values: Any) -> Sides:
    """Both variants with these metrics; all examples asked unless more are *planned*, each alone."""
    first = pairs[0]
    n = len(first.example_ids)
    fields: dict[str, Any] = {
        "coming": tuple(f"to come {i}" for i in range((planned or n) - n)),
        "example_ids": first.example_ids,
        "clusters": first.clusters,
        "strata": first.strata,
        "baseline": side("base", n),
        "candidate": side("cand", n),
        "pairs": pairs,
        "planned": planned or n,
    }
    return Sides(**{**fields, **values})


def gate(margin: float = 0.1, floor: Any = "none", *metrics: str, **values: Any) -> GateSettings:
    """A gate on *metrics*, `valid` by default."""
    asked = {name: GateMetric(margin=margin, floor=floor) for name in metrics or ("valid",)}
    return GateSettings(metrics=asked, **values)
