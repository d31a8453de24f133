"""Which examples a prompt shows for a question: the k most like it, or k that are unlike each other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tasks.shared.few_shot.likeness import local_likeness

if TYPE_CHECKING:
    from tasks.shared.few_shot.likeness import Vectors

# Cosines differ in their last digits from machine to machine; a choice must not.
DIGITS = 9


def most_alike(likeness: Vectors, k: int) -> list[list[int]]:
    """For each row of *likeness* (asked, known) the numbers of the *k* greatest, the greatest last.

    The most like example stands next to the question that way. Equal ones count in their order.
    """
    chosen = []
    for row in likeness.round(DIGITS).tolist():
        best = sorted(range(len(row)), key=lambda number: (-row[number], number))[:k]
        chosen.append(best[::-1])
    return chosen


def unlike_each_other(questions: Sequence[str], k: int, last: Collection[int] = ()) -> list[int]:
    """The numbers of *k* of the *questions* that say the most together, in their order; those in *last* come last.

    Dropped one after the other is what is most like another one that stays, the later one of the two.
    """
    kept = list(range(len(questions)))
    if not kept:
        return kept
    likeness = local_likeness(questions, questions).round(DIGITS)
    while len(kept) > max(k, 0):
        unwanted = [number for number in kept if number in last]
        among = unwanted or kept
        nearest = {a: max((likeness[a][b] for b in kept if b != a), default=0.0) for a in among}
        kept.remove(max(among, key=lambda number: (nearest[number], number)))
    return kept
