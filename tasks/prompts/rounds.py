"""A round of optimisation, and how it is found again. Pure.

A round is begun once. Its candidates are in the lake, as proposed, before anything is tried; whoever runs again goes on
with these, asks nobody for others, and compares with the version that was in production then.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tasks.prompts.candidates import Candidate, Purpose, document_of
from tasks.prompts.outcome import CHOSEN_ON, DECIDED_ON
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import Example, PromptText
from tasks.shared.questions import normalised
from tasks.shared.records import Window
from tasks.shared.settings import OptimiseSettings, Settings

SEALED = {DECIDED_ON, "holdout"}


@dataclass(frozen=True)
class Round:
    """A prompt's round: its candidates, the production version that they should replace, by what it is decided.

    Attributes:
        prompt: Name of the prompt.
        window: The traffic whose failures it began with.
        id: 16 hex digits; empty where nothing failed, so that nothing was begun.
        base_version: Phoenix's id of the version in production when it began.
        gate: Name of the gate.
        metric: The evaluator that has to improve.
        candidates: In the order in which they were proposed.
        notes: Sentences for people.
    """

    prompt: str
    window: Window
    id: str
    base_version: str
    gate: str
    metric: str
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def waiting(self) -> tuple[Candidate, ...]:
        """The candidates of which nothing is known yet."""
        return tuple(each for each in self.candidates if each.outcome == "proposed")

    def target(self, version: str | None) -> str:
        """A version of the prompt as experiments name it."""
        return f"prompt:{self.prompt}@{version}"

    def candidate(
        self,
        name: str,
        purpose: Purpose,
        prompt: PromptText,
        at: dt.datetime,
        *,
        version: str | None,
        said: Mapping[str, Any],
        refusal: str = "",
    ) -> Candidate:
        """One of its candidates, of which nothing is known yet; with a *refusal* none that is tried."""
        shared = {"window": str(self.window), "gate": self.gate, "metric": self.metric}
        return Candidate(
            prompt=self.prompt,
            round=self.id,
            candidate=name,
            start_time=at,
            purpose=purpose,
            base_version=self.base_version,
            version=version,
            outcome="archived" if refusal else "proposed",
            reason=f"not tried: {refusal}" if refusal else "not tried yet",
            document={**document_of(prompt), **shared, **said},
        )

    def with_candidates(self, changed: Iterable[Candidate]) -> "Round":
        """The round with candidates in the place of those of the same name."""
        by_name = {each.candidate: each for each in changed}
        return replace(self, candidates=tuple(by_name.get(each.candidate, each) for each in self.candidates))


def options_of(settings: Settings, prompt: str) -> OptimiseSettings:
    """How *prompt* is optimised. Raises ConfigurationError where the settings do not say."""
    if prompt not in settings.prompts.optimise:
        known = ", ".join(settings.prompts.optimise) or "none"
        raise ConfigurationError(
            f"the settings do not say how prompt {prompt!r} is optimised (they do for: {known}). "
            f'Add [prompts.optimise.{prompt}] with gate = "...".'
        )
    return settings.prompts.optimise[prompt]


def candidates_of(known: Sequence[Candidate], window: Window, production: str) -> tuple[Candidate, ...]:
    """The candidates of the round that *window* has had already; none where there was none.

    Its base, or its winner, is in *production*: with any other version there the window is worth another round.
    """
    rounds: dict[str, list[Candidate]] = {}
    for each in known:
        if each.document.get("window") == str(window):
            rounds.setdefault(each.round, []).append(each)
    for candidates in reversed(rounds.values()):
        if production in (candidates[0].base_version, *(each.version for each in candidates)):
            return tuple(sorted(candidates, key=lambda each: each.candidate))
    return ()


def tried_before(known: Iterable[Candidate]) -> dict[str, str]:
    """By digest, what became of candidates of finished rounds."""
    return {
        each.digest: f"it was {each.candidate} of {each.start_time:%Y-%m-%d} already, {each.outcome}: {each.reason}"
        for each in known
        if each.outcome != "proposed"
    }


def sealed_questions(examples: Sequence[Example], gate: str) -> set[str]:
    """The questions that no candidate may learn from.

    Raises:
        ConfigurationError: The dataset lacks a split, so that candidates would be chosen on what decides.
    """
    splits = {split for example in examples for split in example.known_splits}
    if lacking := [split for split in (CHOSEN_ON, DECIDED_ON) if split not in splits]:
        raise ConfigurationError(
            f"the dataset of gate {gate!r} has no examples in {' and '.join(lacking)} (splits: "
            f"{', '.join(sorted(splits)) or 'none'}). Prompts are chosen on dev and decided on test: curate first."
        )
    return {normalised(text) for each in examples if each.known_splits & SEALED for text in _texts_of(each)}


def questions_outside(split: str, examples: Sequence[Example]) -> set[str]:
    """The questions of the *examples* that are not in *split*."""
    return {normalised(text) for each in examples if split not in each.known_splits for text in _texts_of(each)}


def _texts_of(example: Example) -> list[str]:
    """The questions that an example may be known by."""
    return [text for text in (example.input.get("input"), example.input.get("question")) if isinstance(text, str)]
