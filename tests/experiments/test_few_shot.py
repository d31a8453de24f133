"""A few-shot target: read, named, and rendered with the examples most like each question."""

import datetime as dt
from dataclasses import replace

import pytest

from tasks.experiments.examples import Question
from tasks.experiments.few_shot import few_shot_of, with_chosen_examples
from tasks.experiments.targets import read_target
from tasks.experiments.variants import prompt_variant
from tasks.shared.errors import ConfigurationError
from tasks.shared.few_shot import ShownExample, parsed, written
from tasks.shared.gateways.phoenix import Example, HubPrompt
from tasks.shared.settings import Settings
from tests.providers import books, judge_settings, settings_with, simulated

EXAMPLES = [
    ShownExample("Which devices raised alerts?", "SELECT 1"),
    ShownExample("How warm is device 7?", "SELECT 2"),
    ShownExample("Which devices raised warnings?", "SELECT 3"),
]
PROMPT = HubPrompt(
    name="p",
    messages=({"role": "system", "content": "Answer.\n{{examples}}"}, {"role": "user", "content": "{{question}}"}),
    sections={"examples": written(EXAMPLES, "SQL")},
    version_id="v",
    fetched_at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
)
TARGET = read_target("few-shot:p@production k=2 temperature=0")


class Hub:
    """Gives the examples of one dataset."""

    async def examples(self, dataset: str) -> list[Example]:
        """None but of `golden`."""
        rows = [("How warm is device 9?", {"output": "SELECT 9"}, "train"), ("How warm is it?", {}, "train"),
                ("How warm is device 3?", {"output": "SELECT 3"}, "test")]  # fmt: skip
        return [
            Example(id=str(i), input={"input": asked}, output=right, metadata={"split": split})
            for i, (asked, right, split) in enumerate(rows)
            if dataset == "golden"
        ]


def question(text: str) -> Question:
    return Question(text, "n", {"input": text}, {}, text, "golden", "s", "LLM")


def shown(prompt: HubPrompt, text: str) -> list[str]:
    (system, user) = prompt.render(question(text).values)
    assert user["content"] == text
    found, _ = parsed(system["content"].removeprefix("Answer.\n"))
    return [example.answer for example in found]


def test_a_few_shot_target_says_how_many_examples_of_what():
    assert (TARGET.kind, TARGET.address, TARGET.version, TARGET.shown) == ("few-shot", "p", "production", 2)
    assert TARGET.parameters == {"temperature": 0}
    other = read_target("few-shot:p model=openai/gpt-4o pool=golden")
    assert (other.shown, other.pool, other.model, other.parameters) == (3, "golden", "openai/gpt-4o", {})
    for wrong in ("few-shot:p k=0", "few-shot:p k=many", "few-shot:p@a version=2", "few-shot:"):
        with pytest.raises(ConfigurationError):
            read_target(wrong)


async def test_each_question_is_shown_the_examples_most_like_it():
    chooser = await few_shot_of(Settings(), Hub(), TARGET, PROMPT)
    variant = prompt_variant(TARGET, PROMPT, "simulated/gpt-4o-mini", 100, chooser)
    asked = [question("How warm is device 8?"), question("Which devices raised critical alerts?")]
    chosen = await with_chosen_examples(Settings(), "p", variant, asked)
    assert shown(chosen.prompt, asked[0].text)[-1] == "SELECT 2"
    assert shown(chosen.prompt, asked[1].text) == ["SELECT 3", "SELECT 1"]
    assert (chosen.digest, chosen.prompt.version_id) == (variant.digest, "v")
    assert "k=2" in chosen.title


async def test_what_is_chosen_from_and_how_makes_another_variant():
    async def digest(target: str, prompt: HubPrompt = PROMPT, settings: Settings | None = None) -> str:
        read = read_target(target)
        chooser = await few_shot_of(settings or Settings(), Hub(), read, prompt) if read.shown else None
        return prompt_variant(read, prompt, "simulated/gpt-4o-mini", 100, chooser).digest

    embedded = Settings()
    embedded = embedded.model_copy(update={"prompts": embedded.prompts.model_copy(update={"embedding_model": "a/b"})})
    digests = [
        await digest("prompt:p@production"),
        await digest("few-shot:p@production k=2"),
        await digest("few-shot:p@production k=1"),
        await digest("few-shot:p@production k=2 pool=golden"),
        await digest("few-shot:p@production k=2", settings=embedded),
    ]
    assert len(set(digests)) == len(digests)


async def test_a_pool_is_the_train_split_with_right_answers_and_there_must_be_something_to_choose():
    chooser = await few_shot_of(Settings(), Hub(), read_target("few-shot:p pool=golden"), PROMPT)
    assert [example.answer for example in chooser.examples] == ["SELECT 9"]
    assert await chooser.sections_for(["how warm is  device 9", "How warm is device 8?"]) == [
        "",
        "Question: How warm is device 9?\nSQL:\nSELECT 9",
    ]
    with pytest.raises(ConfigurationError, match="no examples with a right answer"):
        await few_shot_of(Settings(), Hub(), read_target("few-shot:p pool=empty"), PROMPT)
    with pytest.raises(ConfigurationError, match="can be told apart"):
        await few_shot_of(Settings(), Hub(), TARGET, replace(PROMPT, sections={"examples": "some text"}))


async def test_with_a_model_likeness_is_by_its_embeddings_paid_once(tmp_path):
    with simulated() as url:
        settings = settings_with(judge_settings(url), tmp_path / "lake", ledger=str(tmp_path / "ledger"))
        prompts = {"embedding_model": "simulated/text-embedding-3-small", "cache": str(tmp_path / "cache")}
        settings = settings.model_copy(update={"prompts": settings.prompts.model_copy(update=prompts)})
        chooser = await few_shot_of(settings, Hub(), TARGET, PROMPT)
        variant = prompt_variant(TARGET, PROMPT, "simulated/gpt-4o-mini", 100, chooser)
        for _ in range(2):
            chosen = await with_chosen_examples(settings, "p", variant, [question("How warm is device 8?")])
            assert shown(chosen.prompt, "How warm is device 8?")[-1] == "SELECT 2"
        assert books(url)["answered"] == 2
