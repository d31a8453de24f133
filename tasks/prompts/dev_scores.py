"""How candidates did beside the production prompt on the dev split, and which of them is the best. Pure but for reads.

Which one is chosen needs no test: the chosen one is tested on examples that nobody has looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any

from tasks.shared.store.lake import Lake

EXPERIMENT = "SELECT traced_in FROM experiments WHERE experiment = $experiment ORDER BY start_time LIMIT 1"
RUNS = """
SELECT example_id, repetition, span_id, trace_id, status, cost_usd
FROM experiment_runs WHERE experiment = $experiment
QUALIFY row_number() OVER (PARTITION BY example_id, repetition ORDER BY status = 'answered' DESC, start_time DESC) = 1
ORDER BY example_id, repetition
"""
# The version that decided last counts. NULL where it does not apply is no missing score.
DECIDED = """
SELECT unit_id, status, score, direction FROM decisions WHERE evaluator = $metric AND unit IN ('span', 'trace')
QUALIFY version = last_value(version) OVER (
    ORDER BY decided_at, version ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
"""


@dataclass(frozen=True)
class Side:
    """Mean scores by example (a missing one is None), whether low scores are the good ones, and the mean cost."""

    scores: Mapping[str, float | None]
    minimize: bool
    cost_usd: float | None


@dataclass(frozen=True)
class DevScore:
    """A candidate beside production: means over the *n* examples that both have a score of, of *eligible* ones.

    `gain` is how much better the candidate is: positive also where low scores are the good ones.
    """

    candidate: str
    experiment: str
    n: int
    eligible: int
    production: float | None
    mean: float | None
    gain: float | None
    cost_usd: float | None

    @property
    def coverage(self) -> float:
        """Share of the eligible examples with a score on both sides."""
        return self.n / self.eligible if self.eligible else 0.0

    def as_json(self) -> dict[str, Any]:
        """For the candidate's document."""
        return asdict(self) | {"coverage": self.coverage}


def read_side(lake: Lake, project: str, experiment: str, metric: str) -> Side:
    """What the lake has of *experiment* and *metric*."""
    found = lake.sql(EXPERIMENT, project, None, {"experiment": experiment}).to_pylist()
    runs = lake.sql(RUNS, project, None, {"experiment": experiment}).to_pylist()
    decided = lake.sql(DECIDED, found[0]["traced_in"], None, {"metric": metric}).to_pylist() if found else []
    return side_of(runs, decided)


def side_of(runs: Iterable[Mapping[str, Any]], decided: Iterable[Mapping[str, Any]]) -> Side:
    """The same from rows."""
    decisions = {row["unit_id"]: row for row in decided}
    scores: dict[str, list[float | None]] = {}
    costs = []
    for run in runs:
        costs += [run["cost_usd"]] if run["cost_usd"] is not None else []
        said = decisions.get(run["span_id"]) or decisions.get(run["trace_id"])
        if said is None or said["status"] != "not_applicable":
            scores.setdefault(run["example_id"], []).append(said["score"] if said else None)
    minimize = any(row["direction"] == "minimize" for row in decisions.values())
    return Side({example: _mean(found) for example, found in scores.items()}, minimize, _mean(costs))


def dev_score(name: str, experiment: str, production: Side, candidate: Side) -> DevScore:
    """*candidate* beside *production*, example by example."""
    eligible = production.scores.keys() | candidate.scores.keys()
    pairs = [
        (before, after)
        for before, after in ((production.scores.get(each), candidate.scores.get(each)) for each in sorted(eligible))
        if before is not None and after is not None
    ]
    before, after = _mean([pair[0] for pair in pairs]), _mean([pair[1] for pair in pairs])
    gain = None if before is None or after is None else after - before
    if gain is not None and (production.minimize or candidate.minimize):
        gain = -gain
    return DevScore(name, experiment, len(pairs), len(eligible), before, after, gain, candidate.cost_usd)


def best_of(scores: Iterable[DevScore], coverage_floor: float) -> DevScore | None:
    """The one with the largest gain, of equal ones the cheapest; None where none is better than production."""
    eligible = [each for each in scores if each.gain is not None and each.gain > 0 and each.coverage >= coverage_floor]
    return min(eligible, key=lambda each: (-(each.gain or 0.0), each.cost_usd or 0.0, each.candidate), default=None)


def reason_against(score: DevScore, best: DevScore | None, coverage_floor: float) -> str:
    """Why the candidate with *score* goes no further than the dev split."""
    if score.coverage < coverage_floor or score.gain is None:
        return (
            f"on dev {score.n} of {score.eligible} examples have a score on both sides ({score.coverage:.0%}), "
            f"{coverage_floor:.0%} are asked for"
        )
    told = f"on dev it is {abs(score.gain):.3f} {'better' if score.gain > 0 else 'worse'} than production (n {score.n})"
    if score.gain <= 0:
        return told if score.gain < 0 else f"on dev it is no better than production (n {score.n})"
    return told + (f", and {best.candidate} is better still" if best else "")


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean of *values*; None where one is missing, or there are none."""
    known = [value for value in values if value is not None]
    return fsum(known) / len(known) if known and len(known) == len(values) else None
