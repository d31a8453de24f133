"""In which order the examples are asked, and after how many of them to look at the scores."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.shared.settings import GateSettings

# Of fewer examples no bound lets anything through that early.
LEAST_BEFORE_LOOK = 10


def in_order(examples: Iterable[tuple[str, str]]) -> list[str]:
    """The ids of *examples* (id, cluster) in the order to ask them: that of a hash, each cluster together.

    What one look has seen is then independent of what comes after it, which the bounds of early looks ask for.
    """
    return [
        example for _, _, example in sorted((_hash(cluster), cluster, example) for example, cluster in set(examples))
    ]


def looks(planned: int, gate: GateSettings) -> tuple[int, ...]:
    """After how many examples to look, the last time after all *planned*; only then without early stop."""
    count = gate.looks if gate.early_stop else 1
    at = (-(-planned * k // count) for k in range(1, count + 1))
    return tuple(dict.fromkeys(n for n in at if n == planned or n >= LEAST_BEFORE_LOOK))


def looked(asked: int, planned: int, gate: GateSettings) -> tuple[int, ...]:
    """The looks up to *asked* examples."""
    return tuple(n for n in looks(planned, gate) if n <= asked)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
