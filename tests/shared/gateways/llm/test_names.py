"""Names that a model lists are masked; where it cannot say, the text goes nowhere."""

import pytest

from tasks.shared.anonymise import Anonymiser, without_digests
from tasks.shared.gateways.llm.names import Names, NamesQuestion, masked, names_judge, texts_of
from tasks.shared.settings import AnonymiseSettings
from tests.providers import books, judge_settings, settings_with, simulated

MASKING = Anonymiser(b"0123456789abcdef", "golden", AnonymiseSettings())
PEOPLE = ("Anna Schmidt", "Bo")


class Reader:
    """A model that knows two people, and keeps what it was shown."""

    def __init__(self):
        self.shown = []

    async def ask(self, messages, schema):
        """List the people in the last message."""
        assert schema["required"] == ["names"]
        text = messages[-1]["content"]
        self.shown.append(text)
        if "unreadable" in text:
            return None
        return {"names": [name for name in PEOPLE if name in text] + ["Nobody"]}


async def test_names_are_masked_after_everything_that_has_a_form():
    reader = Reader()
    value = {"input": "Anna  Schmidt (anna@example.com) asked", "rows": ["Bo", "Bob"], "n": 1}
    (kept,) = await masked([value], MASKING, Names(reader.ask))
    assert without_digests(kept["input"]) == "Anna  Schmidt (<EMAIL>) asked"
    assert without_digests(kept["rows"][0]) == "<NAME>"
    assert kept["rows"][1] == "Bob"
    assert "anna@example.com" not in reader.shown[0]


async def test_a_name_has_one_pseudonym_in_all_texts():
    first, second = await masked(["Anna Schmidt asked", "so did Anna Schmidt."], MASKING, Names(Reader().ask))
    assert first.split()[0] == second.split()[-1].rstrip(".")
    assert first.startswith("<NAME_")


async def test_a_text_that_nobody_could_read_goes_nowhere():
    assert await masked(["fine", "unreadable"], MASKING, Names(Reader().ask)) == ["fine", None]


@pytest.mark.parametrize("answer", [{}, {"names": None}, {"names": "Anna"}, {"names": [1]}])
async def test_an_answer_of_another_form_is_none(answer):
    async def ask(messages, schema):
        return answer

    assert await Names(ask).found("Anna") is None


async def test_a_name_that_does_not_stand_in_the_text_is_not_taken():
    assert await Names(Reader().ask).found("Bo\nand ANNA SCHMIDT of Anna Schmidt") == ("Anna Schmidt", "Bo")


async def test_without_a_question_nobody_is_asked_and_an_empty_text_costs_nothing():
    reader = Reader()
    assert await masked(["Anna Schmidt"], MASKING, None) == ["Anna Schmidt"]
    assert await Names(reader.ask).found(" \n") == ()
    assert reader.shown == []


def test_the_question_has_a_place_for_the_text_inside_of_a_tag():
    question = NamesQuestion.read()
    shown = question.prompt.render({"text": "{{text}} Anna"})
    assert shown[-1]["content"] == "<text>\n{{text}} Anna\n</text>"
    assert question.answer["properties"]["names"]["type"] == "array"


def test_all_texts_of_a_value_are_read_and_nothing_else():
    assert list(texts_of({"a": ["x", 1, None], "b": {"c": "y"}, "d": True})) == ["x", "y"]


async def test_on_request_every_text_is_paid_once_and_the_wall_holds(tmp_path):
    def settings(url, on=True, **budget):
        asked = settings_with(judge_settings(url), tmp_path, **budget)
        return asked.model_copy(update={"anonymise": AnonymiseSettings(names=on)})

    with simulated() as url:
        for _ in range(2):
            async with names_judge(settings(url), "project", "run") as names:
                assert await names.found("no name in here") == ()
                value = {"input": "Which devices does Anna Schmidt (anna@example.com) own?", "by": "Anna Schmidt"}
                (kept,) = await masked([value], MASKING, names)
                assert without_digests(kept["input"]) == "Which devices does <NAME> (<EMAIL>) own?"
                assert kept["by"] in kept["input"], "one pseudonym for one person"
        async with names_judge(settings(url, per_run_usd=0), "project", "run") as names:
            assert await names.found("another text") is None
        async with names_judge(settings(url, on=False), "project", "run") as names:
            assert names is None
        assert books(url)["answered"] == 2
