"""`python -m flows prompts ...` on the real Phoenix."""

import json
import uuid

import pytest

from flows.__main__ import main

pytestmark = pytest.mark.servers
FILE = """
name: {name}
description: {description}
messages:
  - content: "{{{{task}}}} {{{{question}}}}"
sections: {{task: {task}}}
"""


@pytest.fixture
def name():
    return f"commands-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def say(nightjar_env, capsys, monkeypatch):
    """Run a command; gives its exit code and what it said, on stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["prompts", *arguments])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def put(path, name, task, description="A draft"):
    path.write_text(FILE.format(name=name, task=task, description=description))
    return str(path)


def test_push_tag_show_and_roll_back_and_each_again(say, name, tmp_path):
    file = put(tmp_path / "prompt.yaml", name, "Answer.")
    code, told = say("push", file, "--tag", "production")
    first = told.split()[3]
    assert (code, f"{name}: new version {first}" in told) == (0, True)
    assert f"production of {name} went from no version to {first}" in told
    again = say("push", file, "--tag", "production")
    assert again[1].splitlines() == [
        f"{name}: unchanged, is version {first} {told.split()[4]}",
        f"production of {name} is on {first} already",
    ]
    second = say("push", put(tmp_path / "prompt.yaml", name, "Answer well."))[1].split()[3]
    assert say("tag", name, "latest", "production", "--why", "better")[1].startswith(f"production of {name} went from")
    assert json.loads(say("list", "--json")[1])[name] == {"production": second, "staging": None, "candidate": None}
    shown = json.loads(say("show", name, "--json")[1])
    assert [each["tags"] for each in shown["versions"]] == [["production"], []]
    assert [each["why"] for each in shown["moves"]] == ["pushed", "better"]
    assert "production: " + f"{first} -> {second} (better)" in say("show", name)[1]
    assert say("rollback", name) == (0, f"production of {name} went from {second} to {first}\n")
    assert say("rollback", name)[1].startswith(f"production of {name} is on {first} already")
    assert "Answer." in say("show", name, "production")[1]
    assert json.loads(say("show", name, first, "--json")[1])["sections"] == {"task": "Answer."}


def test_brackets_in_a_prompt_are_shown_as_they_were_written(say, name, tmp_path):
    say("push", put(tmp_path / "prompt.yaml", name, "Answer.", description="A draft [/x] in [red]"))
    assert "A draft [/x] in [red]" in say("show", name)[1]


def test_a_folder_is_pushed_whole_and_two_files_of_one_prompt_in_it_are_refused(say, name, tmp_path, monkeypatch):
    folder = tmp_path / "prompts"
    folder.mkdir()
    monkeypatch.setenv("NIGHTJAR_PROMPTS__FOLDER", str(folder))
    assert say("push")[1].startswith("nightjar: there are no prompt files")
    one, two = put(folder / "a.yaml", name, "one"), put(folder / "b.yaml", name, "two")
    code, told = say("push")
    assert code == 1
    assert f"are both prompt '{name}'. Name the files in the order" in " ".join(told.split())
    assert say("push", two, one)[1].count("new version") == 2
    assert [each["sections"]["task"] for each in json.loads(say("show", name, "--json")[1])["versions"]] == [
        "one",
        "two",
    ]


def test_what_is_not_there_is_said_with_what_to_do(say, name, monkeypatch):
    assert say("show", name)[0] == 1
    assert say("tag", name, "latest", "production")[1].startswith("nightjar: Phoenix at http")
    assert "there is nothing to push" in say("push")[1]
