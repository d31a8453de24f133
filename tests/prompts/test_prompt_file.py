"""Prompt files: read, and refused with what to correct."""

import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.prompts.prompt_file import prompt_paths, read_prompt
from tasks.shared.errors import ConfigurationError
from tasks.shared.few_shot import ShownExample, parsed, written

GOOD = """
name: sql-writer
description: Writes SQL
model: openai/gpt-4o-mini
parameters: {temperature: 0}
messages:
  - role: system
    content: "{{task}} {{schema}} {{examples}}"
  - content: "{{question}}"
sections:
  task: Write SQL.
  schema: {file: schema.sql}
  examples:
    - {question: "How many?", sql: SELECT 1}
    - question: And how many more?
      sql: |
        SELECT 2
        FROM t
"""


def put(folder: Path, text: str, name: str = "prompt.yaml") -> Path:
    (folder / "schema.sql").write_text("CREATE TABLE t (a integer);\n")
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return path


def test_a_file_says_the_whole_prompt(tmp_path):
    prompt = read_prompt(put(tmp_path, GOOD))
    assert (prompt.name, prompt.model, prompt.parameters) == ("sql-writer", "openai/gpt-4o-mini", {"temperature": 0})
    assert prompt.wanted == ("question",)
    assert prompt.messages[1] == {"role": "user", "content": "{{question}}"}
    assert prompt.sections == {
        "task": "Write SQL.",
        "schema": "CREATE TABLE t (a integer);",
        "examples": ("Question: How many?\nSQL:\nSELECT 1\n\nQuestion: And how many more?\nSQL:\nSELECT 2\nFROM t"),
    }


LINES = st.text(st.characters(blacklist_categories=("C", "Zl", "Zp")), min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.builds(ShownExample, LINES, st.lists(LINES, min_size=1).map("\n".join)), min_size=1))
def test_examples_in_the_fixed_form_are_told_apart_again(examples):
    assert parsed(written(examples, "SQL")) == (examples, "SQL")


@pytest.mark.parametrize(
    "text",
    ["", "Q: a", "Question: a", "Question: a\nSQL:\nb\n\nQuestion: c\nAnswer:\nd", "First:\n\nQuestion: a\nSQL:\nb"],
)
def test_any_other_form_is_not_guessed_at(text):
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("name: sql-writer", "name: SQL Writer", "name: is 'SQL Writer'. Use small letters, digits, dashes"),
        ("name: sql-writer\n", "", "name: is missing. Add it"),
        ("openai/gpt-4o-mini", "gpt-4o-mini", "model is 'gpt-4o-mini'. Write provider/model"),
        ("role: system", "role: sytem", "messages.0.role: is 'sytem'. Input should be 'system', 'user' or 'assistant'"),
        ("task: Write", "tusk: Write", "sections define tusk, which no message uses"),
        ("task: Write SQL.", "task: 3", "sections.task: is none of text, `file: path` and a list of examples"),
        ("file: schema.sql", "fil: schema.sql", "sections.schema.file: is missing. Add it"),
        ("file: schema.sql", "file: nowhere.sql", "sections.schema: file .*nowhere.sql' cannot be read"),
        ("sql: SELECT 1", "answer: SELECT 1", "some examples have sql and others answer"),
        ("sql: SELECT 1", "sql: a, answer: b", "an example has an answer or sql, one of the two"),
        ("description:", "discription:", "discription: is no key there"),
        ("name: sql-writer", "name: sql-writer\nname: b", "is not YAML: key 'name' stands twice"),
        (GOOD, "- a", "holds a list. Write the keys of a prompt: name, description, model"),
        (GOOD, "", "is empty. Write the keys of a prompt"),
    ],
)
def test_a_wrong_file_is_named_with_its_key_and_fix(tmp_path, old, new, problem):
    assert old in GOOD
    with pytest.raises(ConfigurationError, match=problem) as raised:
        read_prompt(put(tmp_path, GOOD.replace(old, new)))
    assert str(raised.value).count("prompt.yaml") == 1


def test_folders_give_the_files_directly_in_them_and_missing_places_are_told(tmp_path):
    (tmp_path / "candidates").mkdir()
    first, second = put(tmp_path, GOOD, "b.yaml"), put(tmp_path, GOOD, "a.yml")
    assert prompt_paths([tmp_path, first]) == [second, first, first]
    with pytest.raises(ConfigurationError, match="no prompt file or folder"):
        prompt_paths([tmp_path / "nowhere"])
    with pytest.raises(ConfigurationError, match=r"prompt file .*nowhere.yaml' cannot be read"):
        read_prompt(tmp_path / "nowhere.yaml")


def test_the_guides_example_is_a_prompt(tmp_path):
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "prompts.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    prompt = read_prompt(put(tmp_path, example))
    (form,) = re.findall(r"^```text\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert prompt.sections["examples"] == form.strip()
    assert prompt.wanted == ("question",)
