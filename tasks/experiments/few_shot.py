"""A few-shot target: a version of a prompt that shows, for each question, the examples most like it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.experiments.examples import OUTPUT, QUESTION, Question, as_text
from tasks.experiments.targets import Target
from tasks.experiments.variants import Variant
from tasks.shared.errors import ConfigurationError
from tasks.shared.few_shot import FewShot, ShownExample, parsed
from tasks.shared.gateways.llm import EmbeddingModels, Errand, Writer, embeddings
from tasks.shared.gateways.phoenix import HubPrompt, Phoenix
from tasks.shared.gateways.phoenix.prompt_versions import Message
from tasks.shared.prices import PriceTable
from tasks.shared.settings import Settings
from tasks.shared.store.ledger import open_ledger

SECTION, TRAIN = "examples", "train"
PURPOSE = "few-shot"


@dataclass(frozen=True, kw_only=True)
class FewShotPrompt(HubPrompt):
    """A version of a prompt with the text of its examples by question, in place of all its examples."""

    shown: Mapping[str, str]

    def render(self, values: Mapping[str, str]) -> list[Message]:
        """As for any prompt, with the examples chosen for `values["question"]`."""
        plain = HubPrompt(**{name: getattr(self, name) for name in HubPrompt.__dataclass_fields__})
        return replace(plain, sections={**self.sections, SECTION: self.shown[values[QUESTION]]}).render(values)


async def few_shot_of(settings: Settings, phoenix: Phoenix, target: Target, prompt: HubPrompt) -> FewShot:
    """What chooses among the examples of *prompt*, or among the train split of the target's pool.

    Raises:
        ConfigurationError: The prompt's examples cannot be told apart, or the pool has none.
    """
    found = parsed(prompt.sections.get(SECTION, ""))
    if found is None:
        raise ConfigurationError(
            f"target {target.text!r}: prompt {prompt.name} has no section {SECTION!r} whose examples can be told "
            "apart. Write them as a list of question and answer (or sql) into the prompt's file, and push it."
        )
    own, label = found
    examples = await _pool(phoenix, target.pool) if target.pool else own
    # A dataset may ask in test what it has in train: with the answer before its eyes any model is right.
    return FewShot(tuple(examples), label, target.shown, settings.prompts.embedding_model, own=not target.pool)


async def with_chosen_examples(
    settings: Settings, project: str, variant: Variant, questions: Sequence[Question]
) -> Variant:
    """*variant* with the examples for each of *questions*; as it is where it shows all examples.

    With a model of embeddings this is paid, within the budgets, once for every text.
    """
    if variant.few_shot is None or variant.prompt is None:
        return variant
    texts = list(dict.fromkeys(question.values[QUESTION] for question in questions))
    sections = await _sections(settings, project, variant.few_shot, texts)
    fields = {name: getattr(variant.prompt, name) for name in HubPrompt.__dataclass_fields__}
    shown = dict(zip(texts, sections, strict=True))
    return replace(variant, prompt=FewShotPrompt(**fields, shown=shown))


async def _sections(settings: Settings, project: str, chooser: FewShot, texts: Sequence[str]) -> list[str]:
    if not chooser.model:
        return await chooser.sections_for(texts)
    with open_ledger(settings.budget, settings.lake) as ledger:
        async with EmbeddingModels(settings.judges) as models:
            errand = Errand(PURPOSE, project, PURPOSE)
            writer = Writer(models, ledger, PriceTable.shipped(settings.prices), settings.budget, errand)
            folder = Path(settings.prompts.cache) / PURPOSE
            asking = replace(chooser, embed=lambda some: embeddings(writer, chooser.model, some), folder=folder)
            return await asking.sections_for(texts)


async def _pool(phoenix: Phoenix, dataset: str) -> list[ShownExample]:
    """The examples of the train split of *dataset* with a right answer."""
    examples = [example for example in await phoenix.examples(dataset) if TRAIN in example.known_splits]
    found = [
        ShownExample(as_text(example.input.get("input", "")), as_text(example.output[OUTPUT]))
        for example in examples
        if example.output.get(OUTPUT)
    ]
    if not found:
        raise ConfigurationError(
            f"dataset {dataset!r} has no examples with a right answer in its split {TRAIN!r}, of which a few-shot "
            "target could show some. Leave pool= out to choose among the prompt's own examples."
        )
    return sorted(found, key=lambda example: (example.question, example.answer))
