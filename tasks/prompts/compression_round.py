"""A round of compression: cheaper versions of the production prompt, made by rule, each before the gate.

As in optimisation the candidates are in the lake, as proposed, before anything is tried, and the tag moves before the
outcome is recorded: whoever runs again goes on, and ends the same.
"""

import asyncio
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tasks.prompts.candidates import Candidate, known_candidates, round_id
from tasks.prompts.compression import compressed
from tasks.prompts.ending import unfit
from tasks.prompts.example_calls import answered_calls, shown_in
from tasks.prompts.example_use import examples_use, weak_questions
from tasks.prompts.failures import SHOWN_SPLIT
from tasks.prompts.hub import provider_kind
from tasks.prompts.rounds import Round, questions_outside
from tasks.shared.errors import ConfigurationError, Inconclusive
from tasks.shared.few_shot import parsed
from tasks.shared.gateways.phoenix import HubPrompt, Phoenix, PromptHub
from tasks.shared.gateways.phoenix.prompt_moves import move
from tasks.shared.gateways.phoenix.prompts import CANDIDATE, PRODUCTION
from tasks.shared.questions import normalised
from tasks.shared.records import Window
from tasks.shared.settings import GateSettings, Settings
from tasks.shared.store.lake import Lake


@dataclass(frozen=True)
class CompressionBeginning:
    """The settings of one prompt's compression; *window* is the traffic that tells which examples are weak."""

    settings: Settings
    project: str
    prompt: str
    window: Window

    async def round(self) -> Round:
        """The round as it was begun, or begun now; then its candidates are not in the lake yet.

        Raises:
            ConfigurationError: The settings name no gate for it, or one without a ceiling on cost.
        """
        name, gate = compression_gate(self.settings, self.prompt)
        metric = next(iter(gate.metrics))
        known = await asyncio.to_thread(known_candidates, self.lake, self.project, self.prompt, "compression")
        async with Phoenix(self.settings.phoenix) as phoenix:
            base = await phoenix.prompts.version(self.prompt, PRODUCTION)
            if there := candidates_for(known, base.version_id):
                first = there[0]
                return Round(self.prompt, self.window, first.round, first.base_version, name, metric, there)
            deciding = questions_outside(SHOWN_SPLIT, await phoenix.examples(gate.dataset))
            weak = await asyncio.to_thread(self.weak_examples, base, metric, deciding)
            empty = Round(self.prompt, self.window, "", base.version_id, name, metric)
            return await self.with_versions(phoenix.prompts, empty, base, weak)

    @property
    def lake(self) -> Lake:
        """Where traffic and scores are."""
        return Lake.open(self.settings.lake)

    def weak_examples(self, base: HubPrompt, metric: str, deciding: Collection[str]) -> tuple[str, ...]:
        """Questions of the examples that do not help, by calls of production and of experiments.

        Calls with one of the *deciding* questions do not count: nothing is learned from what the gate decides on.
        """
        if parsed(base.sections.get("examples", "")) is None:
            return ()
        calls = answered_calls(self.lake, self.project, base, metric, self.window)
        learned = [call for call in calls if normalised(call.question) not in deciding]
        return weak_questions(examples_use(shown_in(base)[0], learned))

    async def with_versions(self, hub: PromptHub, begun: Round, base: HubPrompt, weak: Sequence[str]) -> Round:
        """The round with a candidate for each way to be cheaper, a version without a tag each."""
        begun = replace(begun, id=round_id(self.prompt, "compression", begun.base_version))
        now, candidates = dt.datetime.now(dt.UTC), []
        for each in compressed(base, weak):
            pushed = await hub.push(each.prompt, provider_kind(each.prompt.model, self.settings.judges))
            said = {"what": each.what, "characters": each.share, "weak_examples": list(weak)}
            candidates.append(
                begun.candidate(each.name, "compression", each.prompt, now, version=pushed.prompt.version_id, said=said)
            )
        if not candidates:
            return replace(begun, id="", notes=(f"{self.prompt}: there is nothing to take away by rule",))
        return replace(begun, candidates=tuple(candidates))


def compression_gate(settings: Settings, prompt: str) -> tuple[str, GateSettings]:
    """Name and settings of the gate that decides on compressions of *prompt*.

    Raises:
        ConfigurationError: The settings name none, or one by which a dearer or a worse prompt could pass.
    """
    if prompt not in settings.prompts.compress:
        known = ", ".join(settings.prompts.compress) or "none"
        raise ConfigurationError(
            f"the settings do not say how prompt {prompt!r} is compressed (they do for: {known}). "
            f'Add [prompts.compress.{prompt}] with gate = "...".'
        )
    name = settings.prompts.compress[prompt].gate
    gate = settings.gates.get(name)
    if gate is None or not gate.metrics:
        raise ConfigurationError(f"there is no gate {name!r} with metrics. Add [gates.{name}] and what it asks for.")
    if gate.most_cost_ratio is None:
        raise ConfigurationError(
            f"gate {name!r} has no ceiling on cost, so a compressed prompt could pass that saves nothing. "
            f"Set gates.{name}.most_cost_ratio, 0.7 for a saving of 30 %."
        )
    return name, gate


def candidates_for(known: Sequence[Candidate], production: str) -> tuple[Candidate, ...]:
    """The candidates of the latest round whose base is in *production*, or whose winner is; none where there is none.

    A compressed prompt in production is not compressed again: a little worse each time is much worse in the end.
    """
    rounds: dict[str, list[Candidate]] = {}
    for each in known:
        rounds.setdefault(each.round, []).append(each)
    for candidates in reversed(rounds.values()):
        if production in (candidates[0].base_version, *(each.version for each in candidates)):
            return tuple(sorted(candidates, key=lambda each: each.candidate))
    return ()


def best_of(begun: Round, verdicts: Mapping[str, Mapping[str, Any]]) -> tuple[Round, Candidate | None]:
    """The round with what the gate says of each waiting candidate, and the cheapest that passes, yet to be tagged.

    Args:
        begun: The round.
        verdicts: The gate's documents, by candidate.

    Raises:
        Inconclusive: A verdict says less of its candidate than of what happened meanwhile; nothing is decided.
    """
    if doubts := [f"{name}: {reason}" for name, verdict in verdicts.items() for reason in unfit(verdict)]:
        told = "; ".join(doubts)
        raise Inconclusive(f"the compression of {begun.prompt} has not ended: {told}. Run it again, it goes on.")
    told_of = {each.candidate: _told(each, verdicts[each.candidate]) for each in begun.waiting}
    passed = [each for name, each in told_of.items() if verdicts[name]["verdict"] == "pass"]
    best = min(passed, key=lambda each: (cost_ratio(each) or 1.0, each.candidate), default=None)
    for name, each in told_of.items():
        if best is not None and each in passed and each is not best:
            told_of[name] = each.became("archived", f"it passes too; {best.candidate} costs less")
    return begun.with_candidates(told_of.values()), best


async def tagged(hub: PromptHub, begun: Round, best: Candidate) -> Candidate:
    """The winner, tagged `candidate`: to put it into production is a person's word."""
    why = f"compression {begun.id}: {best.reason}"
    await move(hub, begun.prompt, CANDIDATE, str(best.version), why)
    return best.became("candidate", best.reason)


def cost_ratio(candidate: Candidate) -> float | None:
    """Its cost by production's, as the gate measured it."""
    cost = (candidate.document.get("ratios") or {}).get("cost")
    return cost["value"] if cost else None


def _told(each: Candidate, verdict: Mapping[str, Any]) -> Candidate:
    metric = next((one for one in verdict["metrics"] if one["metric"] == each.document["metric"]), None)
    said = each.said(
        verdict_id=verdict["verdict_id"], verdict=verdict["verdict"], test=metric, ratios=verdict["ratios"]
    )
    if verdict["verdict"] != "pass":
        return said.became("archived", f"gate {verdict['gate']}: {verdict['verdict']}. {verdict['reason']}")
    return said.became("proposed", f"gate {verdict['gate']}: pass. {verdict['reason']}")
