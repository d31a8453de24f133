"""What a gate decides over simulated comparisons whose truth is known: power at the printed effect, false verdicts.

Every comparison goes through the product's own code: the plan prints what 100 examples can tell, and the verdict is
taken of simulated scores, block by block where it may stop early.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Figure, at_least, at_most, write_results
from tasks.experiments.early import looks, settled
from tasks.experiments.paired import Paired, Side, Sides
from tasks.experiments.planning import Told, told_of
from tasks.experiments.verdict import Outcome, decide
from tasks.shared.settings import GateMetric, GateSettings

EXAMPLES, CLUSTER = 100, 4
MARGIN, CHURN, DEVIATION, CORRELATION = 0.05, 0.1, 0.2, 0.3
METRIC = "correct"
SEED = 4


@dataclass(frozen=True)
class World:
    """One kind of comparison: whether answers are right or wrong or graded, come in sessions, and may stop early."""

    graded: bool
    clustered: bool
    early: bool

    @property
    def name(self) -> str:
        """In words."""
        words = ("graded" if self.graded else "right or wrong", f"{CLUSTER} a session" if self.clustered else "alone")
        return ", ".join((*words, "early stop" if self.early else "all asked"))

    @property
    def gate(self) -> GateSettings:
        """One demand: no worse by the margin."""
        asked = {METRIC: GateMetric(margin=MARGIN, floor="none")}
        return GateSettings(metrics=asked, early_stop=self.early)

    @property
    def clusters(self) -> NDArray[np.int64]:
        """The cluster of each example."""
        return np.arange(EXAMPLES) // (CLUSTER if self.clustered else 1)

    @property
    def earlier(self) -> Mapping[str, Any]:
        """What an earlier verdict told of how the examples vary."""
        effect = 1 + (CLUSTER - 1) * CORRELATION if self.clustered else 1.0
        return {"churn": None if self.graded else CHURN, "deviation": DEVIATION, "design_effect": effect}

    def told(self) -> Told:
        """What is printed before anything is asked."""
        return told_of(self.gate, METRIC, [str(cluster) for cluster in self.clusters], self.earlier)


@dataclass(frozen=True)
class Tally:
    """Shares of comparisons by verdict, and the share of the examples that was asked."""

    outcomes: Mapping[Outcome, float]
    asked: float


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comparisons", type=int, default=2000)
    options = parser.parse_args()
    write_results("gate", list(figures(options.comparisons)))


def figures(comparisons: int) -> Iterator[Figure]:
    """For each world: the printed effects, their power, and wrong verdicts on the margin and without any change."""
    for number, world in enumerate(worlds()):
        told, draw = world.told(), np.random.default_rng((SEED, number))
        truths = (told.passes_from, told.fails_from, -MARGIN, 0.0)
        better, worse, margin, same = (tally(world, truth, comparisons, draw) for truth in truths)
        yield Figure(f"{world.name}: passes from", round(told.passes_from, 4), "difference")
        yield Figure(f"{world.name}: fails from", round(told.fails_from, 4), "difference")
        yield at_least(f"{world.name}: power to pass there", better.outcomes["pass"], "share", 0.8)
        yield at_least(f"{world.name}: power to fail there", worse.outcomes["fail"], "share", 0.8)
        yield at_most(f"{world.name}: false block on the margin", margin.outcomes["fail"], "share", 0.05)
        yield at_most(f"{world.name}: false pass on the margin", margin.outcomes["pass"], "share", 0.05)
        yield at_most(f"{world.name}: false block of no change", same.outcomes["fail"], "share", 0.05)
        if world.early:
            yield Figure(f"{world.name}: asked of a candidate that fails", round(worse.asked, 4), "share")


def worlds() -> Iterator[World]:
    """All kinds of comparisons."""
    for graded in (False, True):
        for clustered in (False, True):
            for early in (False, True):
                yield World(graded, clustered, early)


def tally(world: World, truth: float, comparisons: int, draw: np.random.Generator) -> Tally:
    """The verdicts on *comparisons* whose true difference is *truth*."""
    outcomes: dict[Outcome, int] = {"pass": 0, "fail": 0, "inconclusive": 0}
    asked, gate = 0, world.gate
    for differences in drawn(world, truth, comparisons, draw):
        sides = sides_of(world, differences)
        outcome, count = verdict(sides, gate)
        outcomes[outcome] += 1
        asked += count
    shares: dict[Outcome, float] = {outcome: count / comparisons for outcome, count in outcomes.items()}
    return Tally(shares, asked / comparisons / EXAMPLES)


def verdict(sides: Sides, gate: GateSettings) -> tuple[Outcome, int]:
    """The verdict as an experiment takes it, look by look, and how many examples it took."""
    for count in looks(sides.planned, gate)[:-1]:
        found = settled(first(sides, count), gate)
        if found:
            return found.verdict, count
    return decide(sides, gate).outcome, sides.planned


def drawn(world: World, truth: float, comparisons: int, draw: np.random.Generator) -> NDArray[np.float64]:
    """Differences (comparisons, examples), those of a cluster correlated by `CORRELATION`."""
    count = int(world.clusters[-1]) + 1
    if world.graded:
        own = draw.standard_normal((comparisons, EXAMPLES))
        shared = draw.standard_normal((comparisons, count))[:, world.clusters]
        weight = CORRELATION if world.clustered else 0.0
        mixed = np.sqrt(weight) * shared + np.sqrt(1 - weight) * own
        return np.clip(truth + DEVIATION * mixed, -1, 1)
    # An example copies its cluster's draw with probability `CORRELATION`'s root, so that two agree with `CORRELATION`.
    own, shared = draw.random((comparisons, EXAMPLES)), draw.random((comparisons, count))[:, world.clusters]
    copies = draw.random((comparisons, EXAMPLES)) < (np.sqrt(CORRELATION) if world.clustered else 0.0)
    place = np.where(copies, shared, own)
    wins = (CHURN + abs(truth) + truth) / 2
    return np.where(place < wins, 1.0, np.where(place < CHURN + abs(truth), -1.0, 0.0))


def sides_of(world: World, differences: NDArray[np.float64]) -> Sides:
    """Both variants as the lake would tell them; a graded baseline scores 0.5."""
    ids = tuple(f"e{i:03}" for i in range(EXAMPLES))
    clusters = tuple(f"c{cluster:03}" for cluster in world.clusters)
    baseline = np.where(differences < 0, -differences, 0.0) if not world.graded else np.maximum(-differences, 0.0)
    pair = Paired(
        metric=METRIC,
        direction="maximize",
        example_ids=ids,
        clusters=clusters,
        strata=ids,
        baseline=baseline,
        candidate=baseline + differences,
        eligible=np.ones(EXAMPLES, dtype=bool),
        binary=not world.graded,
    )
    return Sides(ids, clusters, ids, SIDE, SIDE, (pair,), EXAMPLES)


def first(sides: Sides, count: int) -> Sides:
    """The same after *count* examples."""
    pair = sides.pairs[0]
    begun = replace(
        pair,
        example_ids=pair.example_ids[:count],
        clusters=pair.clusters[:count],
        strata=pair.strata[:count],
        baseline=pair.baseline[:count],
        candidate=pair.candidate[:count],
        eligible=pair.eligible[:count],
    )
    return replace(sides, example_ids=begun.example_ids, clusters=begun.clusters, pairs=(begun,))


SIDE = Side("0" * 16, "simulated", "nowhere", {}, np.zeros(0), np.zeros(0), np.zeros(0))

if __name__ == "__main__":
    main()
