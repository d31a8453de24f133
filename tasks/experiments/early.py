"""Whether an experiment that is under way may stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.experiments.curtailment import within_reach
from tasks.experiments.schedule import in_order, looks
from tasks.experiments.verdict import Outcome, decide

if TYPE_CHECKING:
    from tasks.experiments.paired import Sides
    from tasks.shared.settings import GateSettings

__all__ = ["Settled", "in_order", "looks", "settled"]


@dataclass(frozen=True)
class Settled:
    """What the verdict is already, and why the other `planned - asked` examples need not be asked."""

    verdict: Outcome
    reason: str
    asked: int
    planned: int


def settled(sides: Sides, gate: GateSettings) -> Settled | None:
    """What is settled at this look, None to go on. Two runs that look at the same examples say the same.

    Pass and fail are settled once the look's bounds decide, or nothing to come can change them. Inconclusive is, once
    a judge is in doubt or too many examples of a metric are without a score: asking more costs money and cannot make
    the gate pass.
    """
    if sides.asked >= sides.planned:
        return None
    verdict = decide(sides, gate)
    if verdict.outcome == "inconclusive" and not verdict.doubts and within_reach(sides, gate):
        return None
    return Settled(verdict.outcome, verdict.reason, sides.asked, sides.planned)
