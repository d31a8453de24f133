"""The verdict as JSON, by `verdict.schema.json`: what CI, MLflow, prompts and people read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tasks.experiments.demands import took
from tasks.experiments.evidence import Evidence
from tasks.experiments.rates import USUAL_TAIL, usable
from tasks.experiments.wording import sentence

if TYPE_CHECKING:
    from tasks.experiments.paired import Paired, Side, Sides
    from tasks.experiments.verdict import Decided, Verdict
    from tasks.shared.settings import GateSettings

VERSION = 1
SCHEMA = Path(__file__).with_name("verdict.schema.json")
# All flips are counted; so many are named.
NAMED_FLIPS = 50
DIGITS = 9


@dataclass(frozen=True)
class Subject:
    """What was compared: the gate's name, the project, the dataset and its version."""

    gate: str
    project: str
    dataset: str
    dataset_version: str


def document(
    subject: Subject,
    sides: Sides,
    verdict: Verdict,
    evidence: Sequence[Evidence],
    settings: GateSettings,
    *,
    at: dt.datetime,
) -> dict[str, Any]:
    """The whole verdict. Its id is that of all it says but the time: the same numbers have the same id."""
    said = {
        "version": VERSION,
        "gate": subject.gate,
        "project": subject.project,
        "verdict": verdict.outcome,
        "reason": sentence(verdict.reason),
        "dataset": {"name": subject.dataset, "version": subject.dataset_version},
        "examples": {
            "planned": verdict.planned,
            "asked": verdict.asked,
            "clusters": len(set(sides.clusters)),
            "looks": list(verdict.looks),
            "stopped_early": verdict.early and verdict.outcome != "inconclusive",
            "saved": _saved(sides, settings),
        },
        "confidence": settings.confidence,
        "coverage_floor": settings.coverage_floor,
        "baseline": _side(sides.baseline),
        "candidate": _side(sides.candidate),
        "ratios": {kind: _ratio(kind, sides) for kind in ("cost", "latency")},
        "demands": [_demand(each) for each in verdict.decided],
        "metrics": [_metric(each, settings, verdict, sides) for each in evidence],
        "doubts": list(verdict.doubts),
    }
    digest = sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return {"verdict_id": digest, "decided_at": at.isoformat(timespec="seconds"), **said}


def _side(side: Side) -> dict[str, Any]:
    return {
        "experiment": side.experiment,
        "variant": side.variant,
        "traced_in": side.traced_in,
        "answers": dict(side.statuses),
        "cost_usd_per_answer": _mean(side.cost_usd),
        "latency_ms_median": _median(side.latency_ms),
        "tokens_per_answer": _mean(side.tokens),
        "judging_usd": _rounded(side.judging_usd),
        "missing": {metric: dict(counts) for metric, counts in side.missing.items()},
    }


def _saved(sides: Sides, settings: GateSettings) -> dict[str, Any]:
    """What the examples that were not asked would have taken, going by those that were."""
    left = sides.planned - sides.asked
    costs = [_mean(side.cost_usd) for side in (sides.baseline, sides.candidate)]
    judging = (sides.baseline.judging_usd + sides.candidate.judging_usd) / sides.asked if sides.asked else 0.0
    known = [cost for cost in costs if cost is not None]
    usd = left * (settings.repetitions * sum(known) + judging) if len(known) == len(costs) else None
    return {"examples": left, "answers": 2 * left * settings.repetitions, "cost_usd": _rounded(usd)}


def _ratio(kind: str, sides: Sides) -> dict[str, Any] | None:
    name = "cost_usd" if kind == "cost" else "latency_ms"
    values = getattr(sides.candidate, name), getattr(sides.baseline, name)
    known, found = took("cost" if kind == "cost" else "latency", sides, *values)
    if found is None:
        return None
    low, high = found.bounds(USUAL_TAIL)
    return {"value": _rounded(found.value), "low": _rounded(low), "high": _rounded(high), "n": known}


def _demand(each: Decided) -> dict[str, Any]:
    demand = each.demand
    return {
        "name": demand.name,
        "kind": demand.kind,
        "metric": demand.metric or None,
        "outcome": each.outcome,
        "reason": sentence(each.reason),
        "value": _rounded(demand.value),
        "low": _rounded(each.low),
        "high": _rounded(each.high),
        "limit": _rounded(demand.limit),
        "at_most": demand.at_most,
        "kept_tail": each.kept_tail,
        "broken_tail": each.broken_tail,
        "examples_needed": each.needed,
    }


def _metric(each: Evidence, settings: GateSettings, verdict: Verdict, sides: Sides) -> dict[str, Any]:
    pair, seen = each.pair, each.seen
    low, high = seen.bounds(USUAL_TAIL) if seen else (None, None)
    margin = settings.metrics[pair.metric].margin if pair.metric in settings.metrics else 0.0
    tails = [d.broken_tail for d in verdict.decided if d.demand.metric == pair.metric and d.broken_tail]
    return {
        "metric": pair.metric,
        "evaluator_version": pair.version,
        "direction": pair.direction,
        "binary": pair.binary,
        "judged": pair.judged,
        "n": each.n,
        "clusters": each.clusters,
        "eligible": int(pair.eligible.sum()),
        "coverage": _rounded(pair.coverage),
        "baseline": _rate(each.baseline),
        "candidate": _rate(each.candidate),
        "difference": {"value": _rounded(seen.value if seen else None), "low": _rounded(low), "high": _rounded(high)},
        "bootstrap": [_rounded(end) for end in each.bootstrap] if each.bootstrap else None,
        "test": each.test,
        "p_value": _rounded(each.p_value),
        "p_adjusted": _rounded(each.p_adjusted),
        "design_effect": _rounded(seen.mean.design_effect if seen else None),
        "deviation": _rounded(seen.deviation if seen else None),
        "churn": _rounded(each.churn),
        "detectable": _rounded(each.detectable(margin, min(tails)) if tails else None),
        "calibration": _calibration(pair),
        "better": len(each.better),
        "worse": len(each.worse),
        "flips": _flips(each, sides),
    }


def _rate(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    low, high = found.bounds(USUAL_TAIL)
    return {"value": _rounded(found.value), "low": _rounded(low), "high": _rounded(high), "n": found.n}


def _calibration(pair: Paired) -> dict[str, Any] | None:
    known = pair.calibration
    if known is None:
        return None
    return {
        "tpr": _rounded(known.tpr.value),
        "tnr": _rounded(known.tnr.value),
        "n_positive": known.tpr.n,
        "n_negative": known.tnr.n,
        "used": usable(pair) is not None,
        "refusal": known.refusal(USUAL_TAIL) or None,
    }


def _flips(each: Evidence, sides: Sides) -> list[dict[str, Any]]:
    """The examples that changed, those that got worse first."""
    place = {example: i for i, example in enumerate(each.pair.example_ids)}
    return [
        {
            "example": example,
            "baseline": _rounded(float(each.pair.baseline[place[example]])),
            "candidate": _rounded(float(each.pair.candidate[place[example]])),
            "better": better,
            "baseline_trace": sides.baseline.traces[place[example]],
            "candidate_trace": sides.candidate.traces[place[example]],
        }
        for better, examples in ((False, each.worse), (True, each.better))
        for example in examples[:NAMED_FLIPS]
    ]


def _mean(values: Any) -> float | None:
    import numpy as np

    known = values[~np.isnan(values)]
    return _rounded(float(known.mean())) if len(known) else None


def _median(values: Any) -> float | None:
    import numpy as np

    known = values[~np.isnan(values)]
    return _rounded(float(np.median(known))) if len(known) else None


def _rounded(value: float | None) -> float | None:
    """Nine digits after the point; None for what no JSON has."""
    return round(float(value), DIGITS) + 0.0 if value is not None and isfinite(value) else None


def outcome_of(document: Mapping[str, Any]) -> str:
    """One line for people: the verdict, and why."""
    return f"gate {document['gate']}: {document['verdict']}. {document['reason']}"
