"""How a round of optimisation begins: a model is shown what failed in the window, and proposes candidates."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tasks.prompts.candidates import Candidate, known_candidates, round_id
from tasks.prompts.failures import SHOWN_SPLIT, Failure, failing_calls, shown_failures
from tasks.prompts.hub import provider_kind
from tasks.prompts.meta_prompt import answer_form, meta_prompt, question
from tasks.prompts.outcome import metric_of
from tasks.prompts.proposals import Proposal, proposals
from tasks.prompts.rounds import Round, candidates_of, options_of, sealed_questions, tried_before
from tasks.shared.anonymise import Anonymiser
from tasks.shared.errors import Inconclusive, ServiceUnavailable
from tasks.shared.gateways.llm import Errand, Models, Writer
from tasks.shared.gateways.llm.names import masked, names_judge
from tasks.shared.gateways.phoenix import HubPrompt, Phoenix, PromptHub
from tasks.shared.gateways.phoenix.prompts import PRODUCTION
from tasks.shared.prices import PriceTable
from tasks.shared.questions import normalised
from tasks.shared.records import Window
from tasks.shared.settings import GateSettings, OptimiseSettings, Settings
from tasks.shared.store.kept_splits import kept_splits
from tasks.shared.store.lake import Lake
from tasks.shared.store.ledger import open_ledger
from tasks.shared.store.mask_key import mask_key

PURPOSE = "prompt-optimisation"
LONGEST_DESCRIPTION = 1000


@dataclass(frozen=True)
class Beginning:
    """The settings of one prompt's optimisation. *run* is the name under which spending counts."""

    settings: Settings
    project: str
    prompt: str
    window: Window
    run: str

    async def round(self) -> Round:
        """The round as it was begun, or begun now; then its candidates are not in the lake yet.

        Raises:
            ConfigurationError: A setting, the dataset or the meta-prompt is not fit for it; nothing was asked.
            ServiceUnavailable: The model gave no answer.
            Inconclusive: The budget did not allow the question.
        """
        metric = metric_of(self.options.gate, self.settings.gates, self.options.metric)
        known = await asyncio.to_thread(known_candidates, self.lake, self.project, self.prompt, "optimisation")
        async with Phoenix(self.settings.phoenix) as phoenix:
            base = await phoenix.prompts.version(self.prompt, PRODUCTION)
            if there := candidates_of(known, self.window, base.version_id):
                number, first = there[0].round, there[0].base_version
                told = told_of(self.prompt, len(there[0].document["shown"]), len(there))
                return Round(self.prompt, self.window, number, first, self.options.gate, metric, there, (told,))
            empty = Round(self.prompt, self.window, "", base.version_id, self.options.gate, metric)
            sealed = sealed_questions(await phoenix.examples(self.gate.dataset), self.options.gate)
            failures = await self.failures(base, sealed)
            if not failures:
                note = f"{self.prompt}: no call of split {SHOWN_SPLIT} failed in the window, and nothing was asked"
                return replace(empty, notes=(note,))
            diagnosis, found = await self.proposals(base, failures, known)
            shown = [failure.span_id for failure in failures]
            begun = replace(empty, notes=(told_of(self.prompt, len(shown), len(found)),))
            return await self.with_versions(phoenix.prompts, begun, found, {"diagnosis": diagnosis, "shown": shown})

    @property
    def options(self) -> OptimiseSettings:
        """How the prompt is optimised."""
        return options_of(self.settings, self.prompt)

    @property
    def gate(self) -> GateSettings:
        """The gate that decides."""
        return self.settings.gates[self.options.gate]

    @property
    def lake(self) -> Lake:
        """Where traffic and scores are."""
        return Lake.open(self.settings.lake)

    async def failures(self, base: HubPrompt, sealed: set[str]) -> list[Failure]:
        """The failing calls that the model is shown, anonymised."""
        settings, lake = self.settings, self.lake
        anonymiser = Anonymiser(mask_key(lake, settings.anonymise), self.gate.dataset, settings.anonymise)
        rows = await asyncio.to_thread(
            failing_calls,
            lake,
            self.project,
            self.window,
            settings,
            versions=[base.version_id, base.digest],
            names=list(self.options.spans),
            evaluators=self.options.failing or list(self.gate.metrics),
            judges=not self.options.failing,
        )
        found = shown_failures(
            rows,
            sealed,
            anonymiser=anonymiser,
            splits=settings.splits,
            kept=await asyncio.to_thread(kept_splits, lake, self.project),
            question=settings.curation.question,
            most=settings.prompts.failures,
        )
        async with names_judge(settings, self.project, self.run) as names:
            texts = await masked([each.texts for each in found], anonymiser, names)
        told = [each.with_texts(text) for each, text in zip(found, texts, strict=True) if text is not None]
        # Sealed questions have their names masked, so these are compared once more now that they have, too.
        return [each for each in told if normalised(each.question) not in sealed]

    async def proposals(
        self, base: HubPrompt, failures: Sequence[Failure], known: Sequence[Candidate]
    ) -> tuple[str, list[Proposal]]:
        """The model's diagnosis and what it proposes; what was paid for in a killed run is not asked again."""
        settings, own, kept = self.settings, self.settings.prompts, self.options.kept
        meta, errand = meta_prompt(own.meta_prompt), Errand(self.run, self.project, PURPOSE)
        with open_ledger(settings.budget, settings.lake) as ledger:
            async with Models(settings.judges) as models:
                writer = Writer(models, ledger, PriceTable.shipped(settings.prices), settings.budget, errand)
                written = await writer.write(
                    meta.model or own.model or settings.judges.model,
                    question(meta, base, kept, failures, own.candidates),
                    schema=answer_form(base, kept),
                    parameters=meta.parameters,
                    max_output_tokens=own.longest_answer_tokens,
                )
        if written.status == "budget_stopped":
            raise Inconclusive(f"no better prompt was asked for: {written.trouble}. Raise the budget, or run again.")
        if written.answer is None:
            raise ServiceUnavailable(f"model {written.model} wrote no better prompts: {written.trouble}. Run again.")
        diagnosis = str(written.answer.get("diagnosis") or "")
        return diagnosis, proposals(base, kept, written.answer, own.candidates, tried_before(known))

    async def with_versions(
        self, hub: PromptHub, begun: Round, found: Sequence[Proposal], document: dict[str, object]
    ) -> Round:
        """The round with a candidate for each proposal; those worth a try have a version in the hub, without a tag."""
        begun = replace(begun, id=round_id(self.prompt, "optimisation", begun.base_version, str(self.window)))
        now, candidates = dt.datetime.now(dt.UTC), []
        for each in found:
            told = f"Optimisation {begun.id}, {each.name}: {each.why}"[:LONGEST_DESCRIPTION]
            prompt, version = replace(each.prompt, description=told), None
            if not each.refusal:
                version = (await hub.push(prompt, provider_kind(prompt.model, self.settings.judges))).prompt.version_id
            said = document | {"why": each.why}
            candidates.append(
                begun.candidate(
                    each.name, "optimisation", prompt, now, version=version, said=said, refusal=each.refusal
                )
            )
        return replace(begun, candidates=tuple(candidates))


def told_of(prompt: str, shown: int, proposed: int) -> str:
    """How a round began, for people."""
    return f"{prompt}: {shown} failing calls were shown, {proposed} prompts proposed"
