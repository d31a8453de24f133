"""The examples on which the two variants were not scored alike: where the candidate is worse, where it is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.experiments.comparison import Answer

if TYPE_CHECKING:
    from tasks.experiments.comparison import Comparison, Variant
    from tasks.experiments.paired import Paired, Sides

# Means over repetitions differ by rounding too.
SAME = 1e-9


@dataclass(frozen=True)
class Change:
    """Both mean scores of a metric on one example; `gain` is positive where the candidate is better."""

    baseline: float
    candidate: float
    gain: float


@dataclass(frozen=True)
class Flip:
    """One example whose scores differ, by metric; worse in any of them is worse."""

    example_id: str
    stratum: str
    changes: Mapping[str, Change]

    @property
    def worse(self) -> bool:
        """Whether any score fell."""
        return any(change.gain < 0 for change in self.changes.values())

    @property
    def gain(self) -> float:
        """How much all scores rose together."""
        return sum(change.gain for change in self.changes.values())


def flips(sides: Sides) -> list[Flip]:
    """Every example with a different score: the largest losses first, the largest gains last of the worse ones."""
    changes: dict[str, dict[str, Change]] = {each: {} for each in sides.example_ids}
    for pair in sides.pairs:
        for example_id, change in _changes(pair):
            changes[example_id][pair.metric] = change
    strata = dict(zip(sides.example_ids, sides.strata, strict=True))
    found = [Flip(each, strata[each], changed) for each, changed in changes.items() if changed]
    return sorted(found, key=lambda flip: (not flip.worse, -abs(flip.gain) if not flip.worse else flip.gain))


def counts(pair: Paired) -> tuple[int, int, int]:
    """On how many examples the candidate is worse, better, and the same."""
    gains = [change.gain for _, change in _changes(pair)]
    worse = sum(gain < 0 for gain in gains)
    return worse, len(gains) - worse, int(pair.both.sum()) - len(gains)


def telling(variant: Variant, flip: Flip, metric: str, comparison: Comparison, *, best: bool) -> Answer | None:
    """Of several answers to an example, the one whose score of *metric* is the *best*, or the worst."""
    answers = variant.answers.get(flip.example_id, ())
    sign = next(pair.sign for pair in comparison.sides.pairs if pair.metric == metric)
    scored = [answer for answer in answers if metric in answer.said and answer.said[metric].score is not None]
    if not scored:
        return next(iter(answers), None)
    return max(scored, key=lambda answer: (sign if best else -sign) * (answer.said[metric].score or 0.0))


def _changes(pair: Paired) -> list[tuple[str, Change]]:
    gains: Any = pair.sign * (pair.candidate - pair.baseline)
    return [
        (example_id, Change(float(baseline), float(candidate), float(gain)))
        for example_id, baseline, candidate, gain in zip(
            pair.example_ids, pair.baseline, pair.candidate, gains, strict=True
        )
        if abs(gain) > SAME  # never of nan: an example without both scores is no flip
    ]
