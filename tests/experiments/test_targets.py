"""What people write as a target, and what makes two variants the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.experiments.targets import Target, read_target
from tasks.experiments.variants import application_variant, prompt_variant
from tasks.shared.errors import ConfigurationError
from tests.experiments.trials import PROMPT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prompt:sql-writer", ("prompt", "sql-writer", "production", "", {})),
        ("prompt:p@candidate model=a/b temperature=0", ("prompt", "p", "candidate", "a/b", {"temperature": 0})),
        ("prompt:p@UHJvbXB0VmVyc2lvbjox==", ("prompt", "p", "UHJvbXB0VmVyc2lvbjox==", "", {})),
        (
            "callable:app.chat:answer style=short version=3",
            ("callable", "app.chat:answer", "3", "", {"style": "short"}),
        ),
        ("http://a.test:8000/ask?b=1 version=2", ("http", "http://a.test:8000/ask?b=1", "2", "", {})),
        ("command:./answer --k=3 model=7 version=9", ("command", "./answer --k=3 model=7", "9", "", {})),
    ],
)
def test_a_target_is_read(text, expected):
    target = read_target(f" {text} ")
    assert (target.kind, target.address, target.version, target.model, target.parameters) == expected
    assert target.text == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "prompt:<name>@<tag or version>"),
        ("prompt:", "prompt:<name>@<tag or version>"),
        ("carrier-pigeon:7", "prompt:<name>@<tag or version>"),
        ("prompt:p version=3", "prompt:p@3"),
        ("prompt:p quickly", "'quickly' is no name=value"),
        ("callable:app", "callable:<module>:<function>"),
        ("http://a.test temperature=0", "no parameters but version"),
        ("command: version=3", "prompt:<name>@<tag or version>"),
    ],
)
def test_what_is_no_target_is_told_with_what_to_write(text, said):
    with pytest.raises(ConfigurationError) as told:
        read_target(text)
    assert repr(text.strip()) in str(told.value)
    assert said in str(told.value)


def test_an_address_with_a_password_is_refused_and_not_repeated():
    with pytest.raises(
        ConfigurationError, match=r"the endpoint chat\.test/ask is written with a name or password"
    ) as told:
        read_target("https://me:hunter2@chat.test/ask version=1")
    assert "hunter2" not in str(told.value)
    assert read_target("https://chat.test/@me?mail=a@b").address == "https://chat.test/@me?mail=a@b"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        target = read_target(text)
    except ConfigurationError:
        return
    assert target.address
    assert target.text == text.strip()


def test_a_prompts_model_is_the_targets_then_its_own_then_the_default():
    named = {
        target.model or "none": target
        for target in (Target("t", "prompt", "p"), Target("t", "prompt", "p", model="x/y"))
    }
    assert prompt_variant(named["x/y"], PROMPT, "d/e", 9).model == "x/y"
    assert prompt_variant(named["none"], PROMPT, "d/e", 9).model == "simulated/gpt-4o-mini"
    with pytest.raises(ConfigurationError, match="names no model"):
        prompt_variant(named["none"], PROMPT.__class__(**{**vars(PROMPT), "model": ""}), "", 9)


def test_the_longest_answer_is_the_prompts_own_where_it_says_one():
    limited = PROMPT.__class__(**{**vars(PROMPT), "parameters": {"max_tokens": 77, "temperature": 0}})
    variant = prompt_variant(Target("t", "prompt", "p"), limited, "", 9)
    assert (variant.max_output_tokens, variant.parameters) == (77, {"temperature": 0})


def test_variants_are_the_same_when_they_answer_alike():
    one = application_variant(read_target("callable:a:b k=1"), "commit")
    assert one.digest == application_variant(read_target("callable:a:b   k=1"), "commit").digest
    others = [
        application_variant(read_target("callable:a:b k=2"), "commit"),
        application_variant(read_target("callable:a:b k=1"), "another commit"),
        application_variant(read_target("callable:a:b k=1 version=7"), "commit"),
        prompt_variant(read_target("prompt:p"), PROMPT, "", 9),
        prompt_variant(read_target("prompt:p temperature=1"), PROMPT, "", 9),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 6
