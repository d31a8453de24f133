"""When to look at an experiment that is under way, and whether it may stop there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tasks.experiments.paired import Sides
    from tasks.shared.settings import GateSettings

# Of fewer examples no bound lets anything through that early.
LEAST_BEFORE_LOOK = 10


@dataclass(frozen=True)
class Settled:
    """What the verdict is already, and why asking the other `planned - asked` examples would not change it."""

    verdict: Literal["pass", "fail", "inconclusive"]
    reason: str
    asked: int
    planned: int


def in_order(examples: Iterable[tuple[str, str]]) -> list[str]:
    """The ids of *examples* (id, cluster) in the order to ask them: that of a hash, each cluster together."""
    return [
        example for _, _, example in sorted((_hash(cluster), cluster, example) for example, cluster in set(examples))
    ]


def looks(planned: int, gate: GateSettings) -> tuple[int, ...]:
    """After how many examples to look, the last time after all *planned*; only then without early stop."""
    count = gate.looks if gate.early_stop else 1
    at = (-(-planned * k // count) for k in range(1, count + 1))
    return tuple(dict.fromkeys(n for n in at if n == planned or n >= LEAST_BEFORE_LOOK))


def settled(sides: Sides, gate: GateSettings) -> Settled | None:
    """What is settled at this look, None to go on. Two runs that look at the same examples say the same."""
    del sides, gate
    return None


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
