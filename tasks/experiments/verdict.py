"""The verdict: pass when every demand is surely kept, fail when one is surely broken, else inconclusive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tasks.experiments.curtailment import certain
from tasks.experiments.demands import Demand, demands
from tasks.experiments.schedule import looked
from tasks.experiments.wording import reason_of, sentence
from tasks.shared.statistics.looks import fractions_of, nominal_tails
from tasks.shared.statistics.power import needed
from tasks.shared.statistics.several import step_down

if TYPE_CHECKING:
    from tasks.experiments.paired import Sides
    from tasks.shared.settings import GateSettings

Outcome = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True)
class Decided:
    """A demand and what became of it.

    `low` and `high` are None where nothing is known. The bound that keeps the limit has the tail `kept_tail`, the one
    that would break it `broken_tail`. `needed` is the number of examples that would decide, where they do not.
    """

    demand: Demand
    outcome: Outcome
    reason: str
    low: float | None = None
    high: float | None = None
    kept_tail: float | None = None
    broken_tail: float | None = None
    needed: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What the gate says, by the `asked` examples of `planned`, and why. `looks` are those taken so far."""

    outcome: Outcome
    reason: str
    decided: tuple[Decided, ...]
    asked: int
    planned: int
    looks: tuple[int, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def early(self) -> bool:
        """Whether it was taken before all examples were asked."""
        return self.asked < self.planned


def decide(sides: Sides, gate: GateSettings, doubts: Sequence[str] = ()) -> Verdict:
    """The verdict on *sides* by *gate*; *doubts* are reasons from elsewhere why no number may be trusted.

    Pass is the claim that all demands are kept. It is wrong only if one of them is broken, and that one is taken for
    kept no more often than its own tail says: each is tested at the whole tail. Fail is the claim that any demand is
    broken: Holm's procedure keeps the chance of a single false one within the tail. At a look before all examples are
    asked both tails are those of a group-sequential test. What the other examples cannot change is settled as well.

    Sources: R. L. Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 295-300
    (intersection-union tests); Holm as in `several`, Lan and DeMets as in `looks`.
    """
    doubts = tuple(dict.fromkeys((*sides.doubts, *doubts)))
    decided = _decided(sides, gate)
    outcome: Outcome = "inconclusive" if doubts else together(decided)
    at = looked(sides.asked, sides.planned, gate)
    verdict = Verdict(outcome, "", decided, sides.asked, sides.planned, at, doubts)
    return replace(verdict, reason=_reason(verdict))


def together(decided: Sequence[Decided]) -> Outcome:
    """Fail where any demand fails, pass where all pass; without any demand nothing is known."""
    outcomes = {each.outcome for each in decided}
    if "fail" in outcomes:
        return "fail"
    return "pass" if outcomes == {"pass"} else "inconclusive"


def _decided(sides: Sides, gate: GateSettings) -> tuple[Decided, ...]:
    tail, complete = (1 - gate.confidence) / 2, sides.asked == sides.planned
    asked, at = demands(sides, gate), looked(sides.asked, sides.planned, gate)
    if not at or at[-1] != sides.asked:
        # Between two looks there is no bound that keeps the error: only what nothing can change is decided.
        found = tuple(_undecided(demand) for demand in asked)
    else:
        nominal = _nominal(at, sides.planned)
        broken = step_down({d.name: _breaks(d, nominal) for d in asked}, tail)
        least = tail / (len(asked) - len(broken) or 1)
        found = tuple(
            _decide_one(d, nominal(tail), nominal(broken.get(d.name, least)), d.name in broken, complete=complete)
            for d in asked
        )
    sure = {} if complete else certain(sides, gate)
    return tuple(_made_sure(each, sure) for each in found)


def _nominal(at: tuple[int, ...], planned: int) -> Callable[[float], float]:
    """The tail at this look of a test that all looks together err in with the tail given."""
    return lambda tail: nominal_tails(fractions_of(at, planned), tail)[-1]


def _breaks(demand: Demand, nominal: Callable[[float], float]) -> Callable[[float], bool]:
    return lambda tail: demand.broken(nominal(tail))


def _decide_one(demand: Demand, kept_tail: float, broken_tail: float, broken: bool, *, complete: bool) -> Decided:
    if demand.blocked or demand.bounds is None:
        return _undecided(demand)
    kept_ends, broken_ends = demand.bounds(kept_tail), demand.bounds(broken_tail)
    low, high = (broken_ends[0], kept_ends[1]) if demand.at_most else (kept_ends[0], broken_ends[1])
    outcome: Outcome = "fail" if broken else "pass" if demand.kept(kept_tail, complete=complete) else "inconclusive"
    enough = _enough(demand, kept_tail, broken_tail) if outcome == "inconclusive" else None
    found = Decided(demand, outcome, "", low, high, kept_tail, broken_tail, enough)
    return replace(found, reason=reason_of(found))


def _enough(demand: Demand, kept_tail: float, broken_tail: float) -> int | None:
    """How many examples would show what the number seems to be, kept or broken, each at its own tail."""
    spread = demand.spread
    if spread is None:
        return None
    tail = kept_tail if (spread.distance > 0) != demand.at_most else broken_tail
    return needed(spread.deviation, spread.distance, tail, effect=spread.effect)


def _undecided(demand: Demand) -> Decided:
    return Decided(demand, "inconclusive", demand.blocked or f"{demand.name} is not decided yet")


def _made_sure(decided: Decided, sure: Mapping[str, Outcome]) -> Decided:
    outcome = sure.get(decided.demand.name)
    if outcome is None or decided.outcome != "inconclusive":
        return decided
    what = "kept" if outcome == "pass" else "broken"
    return replace(
        decided, outcome=outcome, needed=None, reason=f"{decided.demand.name} is {what} whatever the other examples say"
    )


def _reason(verdict: Verdict) -> str:
    """One sentence."""
    if verdict.doubts:
        return sentence("; ".join(verdict.doubts))
    if not verdict.decided:
        return "nothing to compare: the gate demands nothing."
    deciding = [each.reason for each in verdict.decided if each.outcome == verdict.outcome]
    blocked = [each.demand.blocked for each in verdict.decided if each.demand.blocked]
    if verdict.outcome == "inconclusive" and verdict.early and not blocked:
        return (
            f"the experiment is not finished: {verdict.asked} of {verdict.planned} examples are asked of both, and "
            "they do not decide."
        )
    return sentence("; ".join(dict.fromkeys(deciding)))
