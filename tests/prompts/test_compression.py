"""Cheaper versions of a prompt: what is taken away, and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.prompts.compression import (
    cacheable_first,
    chars_of,
    compressed,
    fewer_examples,
    head_share,
    instructions_of,
    plain_ddl,
    without_descriptions,
)
from tasks.shared.few_shot import ShownExample, parsed, written
from tasks.shared.gateways.phoenix.prompt_versions import PromptText

SCHEMA = """-- all sites
CREATE TABLE sites ( -- where devices stand
    site_id integer PRIMARY KEY, /* a
    number */
    name text DEFAULT '-- none' -- what people say
);
COMMENT ON COLUMN sites.name IS 'what; people say';
"""
EXAMPLES = [
    ShownExample("Which devices raised the most alerts in 7 days?", "SELECT 1"),
    ShownExample("Which devices raised the most alerts in 9 days?", "SELECT 2"),
    ShownExample("How warm is it?", "SELECT 3"),
    ShownExample("Who was at the site?", "SELECT 4"),
]
SYSTEM = {"role": "system", "content": "{{task}}\n\n{{schema}}\n\n{{examples}}"}
PROMPT = PromptText(
    name="p",
    messages=(SYSTEM, {"role": "user", "content": "{{question}}"}),
    sections={
        "task": "You are an analyst.\nPlease answer with one\nstatement. It was a dark night.",
        "schema": SCHEMA,
        "examples": written(EXAMPLES, "SQL"),
    },
)


def test_a_schema_loses_its_comments_and_nothing_else():
    assert plain_ddl(SCHEMA) == (
        "CREATE TABLE sites (\n    site_id integer PRIMARY KEY,\n    name text DEFAULT '-- none'\n);"
    )
    prose = PromptText(name="p", messages=(SYSTEM,), sections={"schema": "sites -- where devices stand"})
    assert without_descriptions(prose) == prose


def test_the_examples_that_stay_are_unlike_each_other_and_weak_ones_go_first():
    def kept(*weak: str) -> list[str]:
        found, label = parsed(fewer_examples(PROMPT, weak).sections["examples"])
        assert label == "SQL"
        return [example.answer for example in found]

    assert kept() == ["SELECT 1", "SELECT 3"]
    assert kept(EXAMPLES[2].question, EXAMPLES[3].question) == ["SELECT 1", "SELECT 2"]
    assert kept(EXAMPLES[2].question)[0] == "SELECT 1"
    loose = PromptText(name="p", messages=(SYSTEM,), sections={"examples": "some text"})
    assert fewer_examples(loose) == loose


@pytest.mark.parametrize(
    ("task", "short"),
    [
        ("You are an analyst. Answer with SQL.", "Answer with SQL."),
        ("Please answer with one\nstatement.\nThe sky is blue.", "Answer with one statement."),
        ("- Use v1.2 only.\n- Life goes on.\n- Never guess.", "- Use v1.2 only.\n- Never guess."),
        ("The sky is blue.", "The sky is blue."),
        ("", ""),
    ],
)
def test_a_task_keeps_the_sentences_that_instruct(task, short):
    assert instructions_of(task) == short


@given(st.text("aA .!?\n-do not1", max_size=80))
def test_any_task_can_be_shortened_and_stays_a_task(task):
    short = instructions_of(task)
    assert len(short) <= len(task)
    assert bool(short.strip()) == bool(task.strip())


def test_what_changes_moves_behind_what_does_not_in_system_messages_only():
    mixed = PromptText(
        name="p",
        messages=(
            {"role": "system", "content": "About {{question}}.\n\n{{task}}"},
            {"role": "system", "content": "Fixed."},
            {"role": "user", "content": "{{question}}"},
        ),
        sections={"task": "Answer."},
    )
    moved = cacheable_first(mixed)
    contents = ["Fixed.", "{{task}}\n\nAbout {{question}}.", "{{question}}"]
    assert [message["content"] for message in moved.messages] == contents
    assert head_share(mixed) < head_share(moved) < 1
    assert cacheable_first(moved) == moved
    assert (cacheable_first(PROMPT), head_share(PROMPT)) == (PROMPT, 1.0)


def test_every_way_that_changes_something_is_a_candidate_and_all_of_them_together_one_more():
    found = compressed(PROMPT)
    assert [each.name for each in found] == [
        "schema-without-descriptions", "fewer-examples", "shorter-task", "all-together",
    ]  # fmt: skip
    assert found[-1].share == min(each.share for each in found)
    assert chars_of(found[-1].prompt) == round(found[-1].share * chars_of(PROMPT))
    assert all(each.prompt.digest != PROMPT.digest for each in found)
    assert compressed(PROMPT) == found
    short = PromptText(name="p", messages=({"role": "user", "content": "{{question}}"},))
    assert compressed(short) == []
