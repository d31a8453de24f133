"""What the examples that are not asked yet cannot change any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from tasks.experiments.demands import demands
from tasks.experiments.schedule import looks
from tasks.shared.statistics.looks import fractions_of, nominal_tails

if TYPE_CHECKING:
    from tasks.experiments.paired import Paired, Sides
    from tasks.shared.settings import GateSettings


def certain(sides: Sides, gate: GateSettings) -> dict[str, Literal["pass", "fail"]]:
    """The demands that are broken even if all other examples speak for the candidate, or kept even if none does.

    Known only of metrics that say right or wrong once for each example, of examples that are each a cluster of its own,
    those to come among them, without a judge's errors: there the final bounds rise with every win and fall with every
    loss, so that the two extremes bound what can come. Broken is looked at by Holm's first, strictest step.
    """
    if not _alone(sides):
        return {}
    simple = {pair.metric for pair in sides.pairs if _simple(pair)}
    best, worst = (
        [d for d in demands(_completed(sides, simple, good=good), gate) if d.metric in simple] for good in (True, False)
    )
    fractions = fractions_of(looks(sides.planned, gate), sides.planned)
    tail = (1 - gate.confidence) / 2
    share = tail / (len(demands(sides, gate)) or 1)
    broken = {d.name for d in best if d.broken(nominal_tails(fractions, share)[-1])}
    kept = {d.name for d in worst if d.kept(nominal_tails(fractions, tail)[-1], complete=True)}
    return {**dict.fromkeys(kept, "pass"), **dict.fromkeys(broken, "fail")}


def within_reach(sides: Sides, gate: GateSettings) -> bool:
    """Whether every metric can still reach the coverage that is asked for, if all other examples get their scores."""
    left = sides.planned - sides.asked
    for pair in sides.pairs:
        eligible = int(pair.eligible.sum()) + left
        if eligible and (pair.covered + left) / eligible < gate.coverage_floor:
            return False
    return True


def _alone(sides: Sides) -> bool:
    """Whether every example, asked or to come, is known to be a cluster of its own."""
    known = (*sides.clusters, *(sides.coming or ()))
    return len(known) == len(set(known)) == sides.planned


def _simple(pair: Paired) -> bool:
    import numpy as np

    scores = np.concatenate([pair.baseline[pair.both], pair.candidate[pair.both]])
    return bool(pair.binary and pair.calibration is None and np.isin(scores, (0.0, 1.0)).all())


def _completed(sides: Sides, metrics: set[str], *, good: bool) -> Sides:
    """All examples asked, the new ones speaking for the candidate or against it in *metrics*."""
    new = sides.coming or ()
    pairs = tuple(_continued(pair, new, good=good) for pair in sides.pairs if pair.metric in metrics)
    return replace(sides, pairs=pairs)


def _continued(pair: Paired, new: tuple[str, ...], *, good: bool) -> Paired:
    import numpy as np

    better, worse = (0.0, 1.0) if pair.direction == "minimize" else (1.0, 0.0)
    candidate, baseline = (better, worse) if good else (worse, better)
    left = len(new)
    return replace(
        pair,
        example_ids=(*pair.example_ids, *new),
        clusters=(*pair.clusters, *new),
        strata=(*pair.strata, *new),
        baseline=np.concatenate([pair.baseline, np.full(left, baseline)]),
        candidate=np.concatenate([pair.candidate, np.full(left, candidate)]),
        eligible=np.concatenate([pair.eligible, np.ones(left, dtype=bool)]),
        shares=None if pair.shares is None else np.concatenate([pair.shares, np.ones(left)]),
    )
