"""Before money is spent: what this dataset can tell, what asking it costs, and how long that takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from tasks.experiments.schedule import looks
from tasks.shared.statistics.looks import fractions_of, nominal_tails
from tasks.shared.statistics.power import Deviation, binary_deviation, design_effect, detectable, graded_deviation

if TYPE_CHECKING:
    from tasks.shared.settings import GateSettings
    from tasks.shared.store.lake import Lake

# Where no earlier verdict tells: one example in five changes beyond the net difference, and examples of one cluster are
# alike to that degree. Most comparisons of prompts change less.
PRIOR_CHURN = 0.2
PRIOR_CORRELATION = 0.2
EARLIER = """
SELECT document FROM verdicts WHERE dataset = $dataset ORDER BY start_time DESC, verdict_id LIMIT 20
"""
TAKEN = """
SELECT avg(cost_usd) AS cost_usd, avg(latency_ms) AS latency_ms FROM experiment_runs
WHERE status = 'answered' AND experiment IN (SELECT experiment FROM experiments WHERE dataset = $dataset)
"""
TAKEN_IN_PRODUCTION = """
SELECT avg(cost_usd) AS cost_usd, avg(latency_ms) AS latency_ms FROM spans
WHERE kind = 'LLM' AND start_time >= (SELECT max(start_time) - INTERVAL 1 DAY FROM spans WHERE kind = 'LLM')
"""


@dataclass(frozen=True)
class Earlier:
    """What earlier experiments on the dataset tell: entries of `metrics` of verdicts by metric, and what answers took.

    `cost_usd` and `latency_ms` are of one answer, `judging_usd` of judging one answer; None where nobody knows.
    """

    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    cost_usd: float | None = None
    latency_ms: float | None = None
    judging_usd: float | None = None


@dataclass(frozen=True)
class Told:
    """One metric: the true difference from which on a candidate passes, and below which it fails, four times in five.

    `distance` is how far apart each is from -margin: the minimum detectable effect, of a pass and of a fail.
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
            f"passes when its true difference is {self.passes_from:+.3f} or more"
            if self.passes_from < 1
            else "cannot be expected to pass"
        )
        fails = f"fails when it is {self.fails_from:+.3f} or less" if self.fails_from > -1 else "cannot be told to fail"
        return f"{self.metric}, margin {self.margin:g}: with power 80 % a candidate {passes}, and {fails} ({source})."


@dataclass(frozen=True)
class Plan:
    """What a comparison of so many examples can tell and takes; `answers` is of both variants."""

    examples: int
    clusters: int
    answers: int
    told: tuple[Told, ...]
    cost_usd: float | None
    seconds: float | None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for people."""
        cost = (
            f"{self.cost_usd:.4f} USD" if self.cost_usd is not None else "an unknown cost (nothing like it was asked)"
        )
        time = f"{self.seconds:.0f} s" if self.seconds is not None else "an unknown time"
        size = f"{self.examples} examples in {self.clusters} clusters, {self.answers} answers"
        return (f"{size}: {cost}, {time} at most.", *(one.note for one in self.told))


def read_earlier(lake: Lake, project: str, dataset: str) -> Earlier:
    """From the verdicts and runs on the dataset; what an answer takes otherwise from the last day of traffic."""
    documents = [orjson.loads(row["document"]) for row in lake.sql(EARLIER, project, None, _of(dataset)).to_pylist()]
    taken = lake.sql(TAKEN, project, None, _of(dataset)).to_pylist()[0]
    if taken["latency_ms"] is None:
        taken = lake.sql(TAKEN_IN_PRODUCTION, project).to_pylist()[0]
    return earlier_of(documents, taken["cost_usd"], taken["latency_ms"])


def earlier_of(documents: Iterable[Mapping[str, Any]], cost_usd: float | None, latency_ms: float | None) -> Earlier:
    """The same from verdicts, the latest first."""
    metrics: dict[str, Mapping[str, Any]] = {}
    judging: list[float] = []
    for document in documents:
        for metric in document["metrics"]:
            if metric["design_effect"] is not None:
                metrics.setdefault(metric["metric"], metric)
        answers = sum(sum(document[role]["answers"].values()) for role in ("baseline", "candidate"))
        if answers:
            judging.append(sum(document[role]["judging_usd"] or 0.0 for role in ("baseline", "candidate")) / answers)
    return Earlier(metrics, cost_usd, latency_ms, judging[0] if judging else None)


def plan(gate: GateSettings, clusters: Sequence[str], earlier: Earlier, in_flight: int) -> Plan:
    """What *gate* can tell of examples in these *clusters* (n), and what they take at *in_flight* answers at once.

    Judging is not in the time: it goes on beside the answers.
    """
    answers = 2 * len(clusters) * gate.repetitions
    cost = None if earlier.cost_usd is None else answers * (earlier.cost_usd + (earlier.judging_usd or 0.0))
    seconds = None if earlier.latency_ms is None else answers * earlier.latency_ms / 1000 / in_flight
    told = tuple(told_of(gate, name, clusters, earlier.metrics.get(name)) for name in gate.metrics) if clusters else ()
    return Plan(len(clusters), len(set(clusters)), answers, told, cost, seconds)


def told_of(gate: GateSettings, metric: str, clusters: Sequence[str], earlier: Mapping[str, Any] | None) -> Told:
    """What the examples in *clusters* tell of one metric, as much varying as in the *earlier* verdict.

    A pass is looked at with the whole tail, a fail with its share of it by Holm's first step, both at the last look.
    """
    margin, sizes = gate.metrics[metric].margin, tuple(Counter(clusters).values())
    tail = (1 - gate.confidence) / 2
    fractions = fractions_of(looks(len(clusters), gate), len(clusters))
    deviation, effect = _variation(sizes, earlier)
    degrees = max(int(len(clusters) ** 2 / sum(size * size for size in sizes)) - 1, 1)
    distances = [
        detectable(deviation, len(clusters) / effect, degrees, nominal_tails(fractions, share)[-1], at=-margin)
        for share in (tail, tail / demand_count(gate))
    ]
    return Told(metric, margin, -margin + distances[0], -margin - distances[1], earlier is not None)


def demand_count(gate: GateSettings) -> int:
    """How many demands the gate has at most: differences, floors, ceilings."""
    floors = sum(asked.floor != "none" for asked in gate.metrics.values())
    ceilings = (gate.most_cost_ratio, gate.most_latency_ratio)
    return len(gate.metrics) + floors + sum(ceiling is not None for ceiling in ceilings)


def _variation(sizes: Sequence[int], earlier: Mapping[str, Any] | None) -> tuple[Deviation, float]:
    """How one example's difference varies, and the design effect."""
    if earlier is None:
        return binary_deviation(PRIOR_CHURN), design_effect(sizes, PRIOR_CORRELATION)
    churn = earlier["churn"]
    return (
        binary_deviation(churn) if churn is not None else graded_deviation(earlier["deviation"]),
        max(float(earlier["design_effect"]), 1.0),
    )


def _of(dataset: str) -> dict[str, str]:
    return {"dataset": dataset}
