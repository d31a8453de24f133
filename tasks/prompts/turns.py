"""Which of the prompts decided on the same examples a candidate is, and how small its p has to be for that. Pure.

The test split decides week after week. Of twenty useless prompts one has p below 0.05, so each turn has a smaller
level, and all turns together promote any useless prompt with a chance of `prompts.significance` at most. A turn is
taken before the gate looks at the split, and is in the lake then: whoever is killed goes on with it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

from tasks.prompts.candidates import Candidate
from tasks.shared.statistics.several import spending

# Once so many times as many examples decide, most of them are ones that nobody has decided on.
ANEW = 2


@dataclass(frozen=True)
class Turn:
    """A candidate's turn on the test split of *dataset*.

    Attributes:
        dataset: Name of the dataset.
        number: How many prompts were decided on these examples, with this one.
        examples: How many examples the split has.
        began_with: How many it had at turn 1.
        level: Two-sided p below which a gain counts.
    """

    dataset: str
    number: int
    examples: int
    began_with: int
    level: float

    @classmethod
    def of(cls, candidate: Candidate) -> Self | None:
        """The turn that *candidate* has; None where it has none."""
        said = candidate.document.get("turn")
        return cls(**said) if said else None

    @property
    def told(self) -> str:
        """What its level comes from, in words; empty at the first turn."""
        return "" if self.number == 1 else f", as prompt {self.number} that is decided on these examples"


def in_turn(best: Candidate, known: Iterable[Candidate], dataset: str, examples: int, significance: float) -> Candidate:
    """*best* with its turn: the one it has already, or the next one.

    The chance of a false winner is one-sided, a level two-sided: so the first turn's level is *significance* itself.

    Args:
        best: The candidate that goes before the gate.
        known: All candidates of its prompt, of every round.
        dataset: The gate's dataset.
        examples: How many examples its test split has now.
        significance: Chance of any false winner over all turns.
    """
    if Turn.of(best):
        return best
    turns = [turn for each in known if (turn := Turn.of(each)) and turn.dataset == dataset]
    last = max(turns, key=lambda turn: (turn.began_with, turn.number), default=None)
    if last is None or examples >= ANEW * last.began_with:
        number, began_with = 1, examples
    else:
        number, began_with = last.number + 1, last.began_with
    turn = Turn(dataset, number, examples, began_with, 2 * spending(number, significance))
    return best.said(turn=asdict(turn))
