"""Two variants on the same examples, as the statistics want them: one number for each example and side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tasks.shared.records import Direction
from tasks.shared.statistics.judged_difference import Calibration

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Paired:
    """One metric's scores of both variants, example by example.

    `baseline` and `candidate` (n,) are means over repetitions, nan where a side has no score. `eligible` (n,) is False
    where the metric applies to neither side; an example to which it applies on one side only stays, without a score on
    the other. `binary`: every single score was 0 or 1. `judged`: by a model, whose `calibration` may be known. `shares`
    (n,): of how many of an example's repetitions there is a score, on the side with fewer; None where that is all.
    """

    metric: str
    direction: Direction
    example_ids: tuple[str, ...]
    clusters: tuple[str, ...]
    strata: tuple[str, ...]
    baseline: Array
    candidate: Array
    eligible: Flags
    binary: bool
    version: str = ""
    judged: bool = False
    calibration: Calibration | None = None
    shares: Array | None = None

    @cached_property
    def both(self) -> Flags:
        """Which examples have a score on both sides (n,)."""
        import numpy as np

        found: Flags = ~np.isnan(self.baseline) & ~np.isnan(self.candidate)
        return found

    @property
    def covered(self) -> float:
        """How many examples have a score on both sides, each counted by the repetitions that have one."""
        return float(self.both.sum() if self.shares is None else self.shares[self.both].sum())

    @property
    def coverage(self) -> float:
        """The share of the eligible examples that have a score on both sides; 0 where none is eligible."""
        return self.covered / float(self.eligible.sum()) if self.eligible.any() else 0.0

    @property
    def sign(self) -> float:
        """What a score is multiplied with so that more is better."""
        return -1.0 if self.direction == "minimize" else 1.0

    @cached_property
    def differences(self) -> Array:
        """Candidate minus baseline of the examples with both scores (m,), positive where the candidate is better."""
        found: Array = self.sign * (self.candidate - self.baseline)[self.both]
        return found

    @cached_property
    def paired_clusters(self) -> tuple[str, ...]:
        """The clusters of the same examples (m)."""
        return tuple(cluster for cluster, both in zip(self.clusters, self.both, strict=True) if both)


@dataclass(frozen=True)
class Side:
    """One variant: its experiment, how its answers went, and what each example took.

    `statuses` counts answers; `missing` counts, by metric and status, the decisions without a score. `cost_usd`,
    `latency_ms` and `tokens` (n,) are means over repetitions, nan where nobody told; `traces` (n) are those of the
    first answers. `judging_usd` is what scoring it cost.
    """

    experiment: str
    variant: str
    traced_in: str
    statuses: Mapping[str, int]
    cost_usd: Array
    latency_ms: Array
    tokens: Array
    traces: tuple[str, ...] = ()
    missing: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    judging_usd: float = 0.0


@dataclass(frozen=True)
class Sides:
    """Both variants over the examples asked so far, of `planned` ones; arrays are in the order of `example_ids`.

    `coming` are the clusters of those that are not asked yet, None where nobody knows them. `doubts` say why no number
    here may be trusted.
    """

    example_ids: tuple[str, ...]
    clusters: tuple[str, ...]
    strata: tuple[str, ...]
    baseline: Side
    candidate: Side
    pairs: tuple[Paired, ...]
    planned: int
    doubts: tuple[str, ...] = ()
    coming: tuple[str, ...] | None = None

    @property
    def asked(self) -> int:
        """Examples that were asked of both."""
        return len(self.example_ids)
