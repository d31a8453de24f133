"""Simulated comparisons whose truth is known, and what a gate says of them, look by look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.experiments.early import looks, settled
from tasks.experiments.paired import Paired, Side, Sides
from tasks.experiments.verdict import Outcome, decide
from tasks.shared.settings import GateSettings

EXAMPLES, CLUSTER = 100, 4
MARGIN, CHURN, DEVIATION, CORRELATION = 0.05, 0.1, 0.2, 0.3
Outcomes = Mapping[Outcome, float]


@dataclass(frozen=True)
class World:
    """One kind of comparison: whether answers are right or wrong or graded, come in sessions, and may stop early."""

    graded: bool
    clustered: bool
    early: bool

    @property
    def place(self) -> str:
        """Whether examples come in sessions, in words."""
        return f"{CLUSTER} a session" if self.clustered else "alone"

    @property
    def name(self) -> str:
        """In words."""
        kind = "graded" if self.graded else "right or wrong"
        return ", ".join((kind, self.place, "early stop" if self.early else "all asked"))

    @property
    def clusters(self) -> NDArray[np.int64]:
        """The cluster of each example."""
        return np.arange(EXAMPLES) // (CLUSTER if self.clustered else 1)

    @property
    def names(self) -> tuple[str, ...]:
        """The same as the lake names them."""
        return tuple(f"c{cluster:03}" for cluster in self.clusters)

    @property
    def earlier(self) -> Mapping[str, Any]:
        """What an earlier verdict told of how the examples vary."""
        effect = 1 + (CLUSTER - 1) * CORRELATION if self.clustered else 1.0
        return {"churn": None if self.graded else CHURN, "deviation": DEVIATION, "design_effect": effect}

    def moved(self, truth: float) -> tuple[float, float]:
        """Of right-or-wrong answers the shares that get better and worse, at a true difference of *truth*."""
        return (CHURN + abs(truth) + truth) / 2, (CHURN + abs(truth) - truth) / 2

    def drawn(self, truth: float, comparisons: int, draw: np.random.Generator) -> NDArray[np.float64]:
        """Differences (comparisons, examples), those of a cluster correlated by `CORRELATION`."""
        count = int(self.clusters[-1]) + 1
        if self.graded:
            own = draw.standard_normal((comparisons, EXAMPLES))
            shared = draw.standard_normal((comparisons, count))[:, self.clusters]
            weight = CORRELATION if self.clustered else 0.0
            mixed = np.sqrt(weight) * shared + np.sqrt(1 - weight) * own
            found: NDArray[np.float64] = np.clip(truth + DEVIATION * mixed, -1, 1)
            return found
        # An example copies its cluster's draw with probability `CORRELATION`'s root, so that two agree with
        # `CORRELATION`.
        own, shared = draw.random((comparisons, EXAMPLES)), draw.random((comparisons, count))[:, self.clusters]
        copies = draw.random((comparisons, EXAMPLES)) < (np.sqrt(CORRELATION) if self.clustered else 0.0)
        place = np.where(copies, shared, own)
        won, lost = self.moved(truth)
        return np.where(place < won, 1.0, np.where(place < won + lost, -1.0, 0.0))


@dataclass(frozen=True)
class Tally:
    """Shares of comparisons by verdict, and the share of the examples that was asked."""

    outcomes: Outcomes
    asked: float


def tally_of(comparisons: Iterable[Sides], gate: GateSettings) -> Tally:
    """The verdicts of *gate* on all *comparisons*."""
    outcomes: dict[Outcome, int] = {"pass": 0, "fail": 0, "inconclusive": 0}
    asked = 0
    for sides in comparisons:
        outcome, count = verdict(sides, gate)
        outcomes[outcome] += 1
        asked += count
    total = sum(outcomes.values())
    return Tally({outcome: count / total for outcome, count in outcomes.items()}, asked / total / EXAMPLES)


def verdict(sides: Sides, gate: GateSettings) -> tuple[Outcome, int]:
    """The verdict as an experiment takes it, look by look, and how many examples it took."""
    for count in looks(sides.planned, gate)[:-1]:
        found = settled(first(sides, count), gate)
        if found:
            return found.verdict, count
    return decide(sides, gate).outcome, sides.planned


def pair_of(world: World, differences: NDArray[np.float64], metric: str) -> Paired:
    """One metric of both variants; a baseline is as low as its differences let it."""
    ids = tuple(f"e{i:03}" for i in range(EXAMPLES))
    baseline = np.maximum(-differences, 0.0)
    return Paired(
        metric=metric,
        direction="maximize",
        example_ids=ids,
        clusters=world.names,
        strata=ids,
        baseline=baseline,
        candidate=baseline + differences,
        eligible=np.ones(EXAMPLES, dtype=bool),
        binary=not world.graded,
    )


def sides_of(world: World, pairs: tuple[Paired, ...]) -> Sides:
    """Both variants as the lake would tell them."""
    ids = pairs[0].example_ids
    return Sides(ids, world.names, ids, SIDE, SIDE, pairs, EXAMPLES, coming=())


def first(sides: Sides, count: int) -> Sides:
    """The same after *count* examples."""
    pairs = tuple(
        replace(
            pair,
            example_ids=pair.example_ids[:count],
            clusters=pair.clusters[:count],
            strata=pair.strata[:count],
            baseline=pair.baseline[:count],
            candidate=pair.candidate[:count],
            eligible=pair.eligible[:count],
        )
        for pair in sides.pairs
    )
    begun, coming = pairs[0], sides.clusters[count:]
    return replace(sides, example_ids=begun.example_ids, clusters=begun.clusters, pairs=pairs, coming=coming)


SIDE = Side("0" * 16, "simulated", "nowhere", {}, np.zeros(0), np.zeros(0), np.zeros(0))
