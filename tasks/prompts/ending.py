"""How a round of optimisation ends: the best on dev, the gate's word on it, the tag it gets, and the record of it all.

The tag is moved before the outcome is recorded: whoever is killed in between finds the candidate still proposed,
decides the same again, and finds the tag moved.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tasks.prompts.candidates import Candidate, known_candidates
from tasks.prompts.dev_scores import DevScore, best_of, dev_score, read_side, reason_against
from tasks.prompts.outcome import DECIDED_ON, Outcome, outcome
from tasks.prompts.rounds import Round
from tasks.prompts.turns import Turn, in_turn
from tasks.shared.errors import Inconclusive, StoreError
from tasks.shared.gateways.phoenix import Example, PromptHub
from tasks.shared.gateways.phoenix.prompt_moves import move
from tasks.shared.gateways.phoenix.prompts import CANDIDATE, PRODUCTION
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake

VERDICT = "SELECT document FROM verdicts WHERE verdict_id = $verdict"


def scored_on_dev(lake: Lake, project: str, begun: Round, experiments: Mapping[str, tuple[str, str]]) -> list[DevScore]:
    """The waiting candidates beside production; *experiments* are baseline's and candidate's by candidate."""
    return [
        dev_score(name, candidate, *(read_side(lake, project, each, begun.metric) for each in (baseline, candidate)))
        for name, (baseline, candidate) in experiments.items()
    ]


def chosen(begun: Round, scores: Sequence[DevScore], coverage_floor: float) -> tuple[Round, Candidate | None]:
    """The round with what dev says of each candidate, and the best of them, of which nothing is decided yet."""
    by_name, best = {score.candidate: score for score in scores}, best_of(scores, coverage_floor)
    told = []
    for each in begun.waiting:
        score = by_name[each.candidate]
        said = each.said(dev=score.as_json())
        if best is None or each.candidate != best.candidate:
            said = said.became("archived", reason_against(score, best, coverage_floor))
        told.append(said)
    there = begun.with_candidates(told)
    winner = next((each for each in told if best and each.candidate == best.candidate), None)
    return there, winner


def taking_turn(
    lake: Lake, project: str, best: Candidate, examples: Sequence[Example], *, settings: Settings, gate: str
) -> Candidate:
    """*best* with its turn on the test split of *gate*'s dataset, which has these *examples* in all splits."""
    known = known_candidates(lake, project, best.prompt, "optimisation")
    deciding = sum(DECIDED_ON in example.known_splits for example in examples)
    return in_turn(best, known, settings.gates[gate].dataset, deciding, settings.prompts.significance)


def confidence_for(best: Candidate, settings: Settings, gate: str) -> float:
    """With which confidence *gate* decides on *best*: its own, or what its turn asks for where that is more."""
    turn = Turn.of(best)
    return max(settings.gates[gate].confidence, 1 - turn.level if turn else 0.0)


def read_verdict(lake: Lake, project: str, verdict_id: str) -> dict[str, Any]:
    """The gate's verdict by its schema. Raises StoreError where the lake does not have it."""
    rows = lake.sql(VERDICT, project, None, {"verdict": verdict_id}).to_pylist()
    if not rows:
        raise StoreError(f"the lake has no verdict {verdict_id!r} of project {project}. Run the gate again.")
    found: dict[str, Any] = orjson.loads(rows[0]["document"])
    return found


async def decided(
    hub: PromptHub, begun: Round, best: Candidate, verdict: Mapping[str, Any], settings: Settings
) -> Candidate:
    """*best* with what became of it; a winner has its tag after this.

    Raises:
        Inconclusive: The verdict says less of the candidate than of what happened meanwhile; nothing was decided.
        StoreError: It came before the gate without a turn.
    """
    if reasons := unfit(verdict):
        told = "; ".join(reasons)
        raise Inconclusive(f"the round of {begun.prompt} has not ended: {told}. Run it again, it goes on from there.")
    turn = Turn.of(best)
    if turn is None:
        raise StoreError(f"{best.candidate} of {begun.prompt} has no turn on the test split. Run the round again.")
    found = outcome(verdict, begun.metric, settings.prompts, turn)
    metric = next((each for each in verdict["metrics"] if each["metric"] == begun.metric), None)
    best = best.said(
        verdict_id=verdict["verdict_id"], test=metric, verdict=verdict["verdict"], ratios=verdict["ratios"]
    )
    if not found.won or best.version is None:
        return best.became("archived", found.reason)
    return await tagged(hub, begun, best, found, promote=settings.prompts.promote)


def unfit(verdict: Mapping[str, Any]) -> list[str]:
    """Why an inconclusive *verdict* is no word on the candidate: it would be another once the trouble is over."""
    if verdict["verdict"] != "inconclusive":
        return []
    unanswered = [
        f"{count} answers of the {side} are {status}"
        for side in ("baseline", "candidate")
        for status, count in verdict[side]["answers"].items()
        if status != "answered" and count
    ]
    unscored = [
        f"{each['coverage']:.0%} of the examples have a score of {each['metric']} on both sides"
        for each in verdict["metrics"]
        if each["coverage"] < verdict["coverage_floor"]
    ]
    return [*verdict["doubts"], *unanswered, *unscored]


async def tagged(hub: PromptHub, begun: Round, best: Candidate, found: Outcome, *, promote: bool) -> Candidate:
    """The winner with its tag: production where that is wished and nobody has moved it meanwhile, else candidate."""
    version, why = str(best.version), f"optimisation {begun.id}: {found.reason}"
    if promote:
        present = await hub.tagged(begun.prompt, PRODUCTION)
        now_on = present.version_id if present else None
        if now_on in (begun.base_version, version):
            await move(hub, begun.prompt, PRODUCTION, version, why)
            return best.became("promoted", found.reason)
        why += f"; production went from {begun.base_version} to {now_on} meanwhile and was left there"
    await move(hub, begun.prompt, CANDIDATE, version, why)
    return best.became("candidate", why.partition(": ")[2])
