"""What a gate of several demands decides over simulated comparisons: two metrics by Holm, a floor under one of them.

One metric is right or wrong, the other graded; they do not depend on each other. Both may stop early.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.gate_worlds import EXAMPLES, MARGIN, Outcomes, World, pair_of, sides_of, tally_of
from benchmarks.measure import Figure, at_least, at_most
from tasks.experiments.paired import Sides
from tasks.experiments.planning import Told, told_of
from tasks.experiments.verdict import Outcome
from tasks.shared.settings import GateMetric, GateSettings

CORRECT, QUALITY = "correct", "quality"
FLOOR, WELL_ABOVE, FAR_BELOW = 0.9, 0.99, 0.78
CLEARLY_BETTER = 0.1


@dataclass(frozen=True)
class Truth:
    """True differences of both metrics, and the candidate's true rate of right answers."""

    correct: float
    quality: float
    rate: float


@dataclass(frozen=True)
class Several:
    """Both metrics over the same examples, alone or in sessions."""

    clustered: bool
    floor_on: str = "estimate"

    @property
    def name(self) -> str:
        """In words."""
        return f"two metrics and a floor, {World(graded=False, clustered=self.clustered, early=True).place}"

    @property
    def worlds(self) -> Mapping[str, World]:
        """How each metric varies."""
        return {
            name: World(graded=name == QUALITY, clustered=self.clustered, early=True) for name in (CORRECT, QUALITY)
        }

    @property
    def gate(self) -> GateSettings:
        """No worse by the margin in either metric, and the floor under one."""
        correct = GateMetric.model_validate({"margin": MARGIN, "floor": FLOOR, "floor_on": self.floor_on})
        return GateSettings(metrics={CORRECT: correct, QUALITY: GateMetric(margin=MARGIN, floor="none")})

    def told(self, metric: str) -> Told:
        """What is printed of one metric before anything is asked."""
        world = self.worlds[metric]
        return told_of(self.gate, metric, world.names, world.earlier)

    def drawn(self, truth: Truth, comparisons: int, draw: np.random.Generator) -> Iterator[Sides]:
        """Comparisons whose truth is *truth*."""
        worlds = self.worlds
        correct = worlds[CORRECT].drawn(truth.correct, comparisons, draw)
        quality = worlds[QUALITY].drawn(truth.quality, comparisons, draw)
        for right_or_wrong, graded in zip(correct, quality, strict=True):
            won, lost = worlds[CORRECT].moved(truth.correct)
            # Of the examples that do not change, both sides get so many right that the candidate's rate is as wished.
            alike = np.where(draw.random(EXAMPLES) < (truth.rate - won) / (1 - won - lost), 1.0, 0.0)
            baseline = np.where(right_or_wrong == 0, alike, np.where(right_or_wrong > 0, 0.0, 1.0))
            pairs = (
                replace(pair_of(worlds[CORRECT], right_or_wrong, CORRECT), baseline=baseline,
                        candidate=baseline + right_or_wrong),
                pair_of(worlds[QUALITY], graded, QUALITY),
            )  # fmt: skip
            yield sides_of(worlds[CORRECT], pairs)

    def tally(self, truth: Truth, comparisons: int, draw: np.random.Generator) -> Outcomes:
        """The verdicts on comparisons whose truth is *truth*."""
        return tally_of(self.drawn(truth, comparisons, draw), self.gate).outcomes


def figures(several: Several, comparisons: int, draw: np.random.Generator) -> Iterator[Figure]:
    """Wrong verdicts on each limit, and power to fail by any demand."""
    strict = replace(several, floor_on="bound")
    correct, quality = several.told(CORRECT), several.told(QUALITY)

    def share(verdict: Outcome, truth: Truth, of: Several) -> float:
        return of.tally(truth, comparisons, draw)[verdict]

    name = several.name
    same, limits = Truth(0.0, 0.0, WELL_ABOVE - 0.05), Truth(-MARGIN, -MARGIN, FLOOR)
    yield at_most(f"{name}: false block of no change", share("fail", same, several), "share", 0.05)
    yield at_most(f"{name}: false block on all limits at once", share("fail", limits, several), "share", 0.05)
    one = Truth(-MARGIN, CLEARLY_BETTER, WELL_ABOVE - 0.05)
    yield at_most(f"{name}: false pass on one margin", share("pass", one, several), "share", 0.05)
    floor = Truth(CLEARLY_BETTER, CLEARLY_BETTER, FLOOR)
    yield at_most(f"{name}: false pass on a floor by its bound", share("pass", floor, strict), "share", 0.05)
    worse = Truth(0.0, quality.fails_from, WELL_ABOVE - 0.05)
    yield at_least(f"{name}: power to fail by one metric", share("fail", worse, several), "share", 0.8)
    worse = Truth(correct.fails_from, 0.0, 1 + correct.fails_from - 0.05)
    yield at_least(f"{name}: power to fail by the other or its floor", share("fail", worse, several), "share", 0.8)
    low = Truth(0.0, 0.0, FAR_BELOW)
    yield Figure(f"{name}: fails {FLOOR - FAR_BELOW:.2f} below the floor", share("fail", low, several), "share")
    better = Truth(correct.passes_from, quality.passes_from, WELL_ABOVE - 0.02)
    yield Figure(f"{name}: passes where both metrics may", share("pass", better, several), "share")
