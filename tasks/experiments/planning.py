"""Before money is spent: what the examples of a dataset can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

from tasks.experiments.schedule import looks
from tasks.shared.statistics.looks import fractions_of, nominal_tails
from tasks.shared.statistics.power import Deviation, binary_deviation, design_effect, detectable, graded_deviation

if TYPE_CHECKING:
    from tasks.shared.settings import GateSettings
    from tasks.shared.store.lake import Lake

# An entry of `metrics` of a verdict.
Metric = Mapping[str, Any]
# Where no earlier verdict tells: one example in five changes beyond the net difference, and examples of one cluster are
# alike to that degree. Most comparisons of prompts change less.
PRIOR_CHURN = 0.2
PRIOR_CORRELATION = 0.2
EARLIER = """
SELECT document FROM verdicts WHERE dataset = $dataset ORDER BY start_time DESC, verdict_id LIMIT 20
"""


@dataclass(frozen=True)
class Told:
    """One metric: the true difference from which on a candidate passes, and below which it fails, four times in five.

    That is of the margin alone: a floor, a ceiling or another metric may still stop a candidate that keeps it.
    How far each is from -margin is the minimum detectable effect, of a pass and of a fail.
    """

    metric: str
    margin: float
    passes_from: float
    fails_from: float
    known: bool

    @property
    def note(self) -> str:
        """A sentence."""
        source = "by an earlier verdict" if self.known else "by a cautious guess of how much changes"
        passes = (
            f"keeps it when its true difference is {self.passes_from:+.3f} or more"
            if self.passes_from < 1
            else "cannot be expected to keep it"
        )
        breaks = (
            f"breaks it at {self.fails_from:+.3f} or less" if self.fails_from > -1 else "cannot be told to break it"
        )
        return f"{self.metric}, margin {self.margin:g}: with power 80 % a candidate {passes}, and {breaks} ({source})."


def read_earlier(lake: Lake, project: str, dataset: str) -> dict[str, Metric]:
    """By metric, what the latest verdict on the dataset says of it."""
    rows = lake.sql(EARLIER, project, None, {"dataset": dataset}).to_pylist()
    return earlier_of(orjson.loads(row["document"]) for row in rows)


def earlier_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, Metric]:
    """The same from verdicts, the latest first; metrics of which nothing was compared are passed over."""
    found: dict[str, Metric] = {}
    for document in documents:
        for metric in document["metrics"]:
            if metric["design_effect"] is not None:
                found.setdefault(metric["metric"], metric)
    return found


def told(gate: GateSettings, clusters: Sequence[str], earlier: Mapping[str, Metric]) -> list[Told]:
    """What *gate* can tell of examples in these *clusters* (n); *earlier* is by metric."""
    return [told_of(gate, name, clusters, earlier.get(name)) for name in gate.metrics] if clusters else []


def told_of(gate: GateSettings, metric: str, clusters: Sequence[str], earlier: Metric | None) -> Told:
    """What the examples in *clusters* tell of one metric, as much varying as in the *earlier* verdict.

    A pass is looked at with the whole tail, a fail with its share of it by Holm's first step, both at the last look.
    """
    margin, sizes = gate.metrics[metric].margin, tuple(Counter(clusters).values())
    tail = (1 - gate.confidence) / 2
    fractions = fractions_of(looks(len(clusters), gate), len(clusters))
    deviation, effect = _variation(sizes, earlier)
    degrees = max(int(len(clusters) ** 2 / sum(size * size for size in sizes)) - 1, 1)

    def distance(share: float, towards: Literal[-1, 1]) -> float:
        nominal = nominal_tails(fractions, share)[-1]
        return detectable(deviation, len(clusters) / effect, degrees, nominal, at=-margin, towards=towards)

    passes, fails = distance(tail, 1), distance(tail / demand_count(gate), -1)
    return Told(metric, margin, -margin + passes, -margin - fails, earlier is not None)


def demand_count(gate: GateSettings) -> int:
    """How many demands the gate has at most: differences, floors, ceilings."""
    floors = sum(asked.floor != "none" for asked in gate.metrics.values())
    ceilings = (gate.most_cost_ratio, gate.most_latency_ratio)
    return len(gate.metrics) + floors + sum(ceiling is not None for ceiling in ceilings)


def _variation(sizes: Sequence[int], earlier: Metric | None) -> tuple[Deviation, float]:
    """How one example's difference varies, and the design effect."""
    if earlier is None:
        return binary_deviation(PRIOR_CHURN), design_effect(sizes, PRIOR_CORRELATION)
    churn = earlier["churn"]
    return (
        binary_deviation(churn) if churn is not None else graded_deviation(earlier["deviation"]),
        max(float(earlier["design_effect"]), 1.0),
    )
