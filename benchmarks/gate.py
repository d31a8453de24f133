"""What a gate decides over simulated comparisons whose truth is known: power at the printed effect, false verdicts.

Every comparison goes through the product's own code: the plan prints what 100 examples can tell, and the verdict is
taken of simulated scores, block by block where it may stop early. First gates of one demand, then of several.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from benchmarks.gate_demands import Several
from benchmarks.gate_demands import figures as figures_of_several
from benchmarks.gate_worlds import MARGIN, Tally, World, pair_of, sides_of, tally_of
from benchmarks.measure import Figure, at_least, at_most, write_results
from tasks.experiments.planning import Told, told_of
from tasks.shared.settings import GateMetric, GateSettings

METRIC = "correct"
SEED = 4


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comparisons", type=int, default=2000)
    comparisons = parser.parse_args().comparisons
    kinds: list[World | Several] = [*worlds(), Several(clustered=False), Several(clustered=True)]
    with ProcessPoolExecutor() as processes:
        told = processes.map(measured, kinds, range(len(kinds)), [comparisons] * len(kinds))
        write_results("gate", [figure for figures in told for figure in figures])


def measured(kind: World | Several, number: int, comparisons: int) -> list[Figure]:
    """The figures of one kind of comparison, drawn from a sequence of its own."""
    draw = np.random.default_rng((SEED, number))
    if isinstance(kind, Several):
        return list(figures_of_several(kind, comparisons, draw))
    return list(figures_of_one(kind, comparisons, draw))


def figures_of_one(world: World, comparisons: int, draw: np.random.Generator) -> Iterator[Figure]:
    """The printed effects, their power, and wrong verdicts on the margin and without any change."""
    told = told_in(world)
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


def gate_in(world: World) -> GateSettings:
    """One demand: no worse by the margin."""
    asked = {METRIC: GateMetric(margin=MARGIN, floor="none")}
    return GateSettings(metrics=asked, early_stop=world.early)


def told_in(world: World) -> Told:
    """What is printed before anything is asked."""
    return told_of(gate_in(world), METRIC, world.names, world.earlier)


def tally(world: World, truth: float, comparisons: int, draw: np.random.Generator) -> Tally:
    """The verdicts on *comparisons* whose true difference is *truth*."""
    drawn = world.drawn(truth, comparisons, draw)
    return tally_of((sides_of(world, (pair_of(world, each, METRIC),)) for each in drawn), gate_in(world))


if __name__ == "__main__":
    main()
