"""`python -m flows tokens` and `examples`, as people call them."""

import json
import uuid

import pytest

from flows.__main__ import main
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.prompts.conftest import put

SHOWN = ("Question: Which sites are offline?\nSQL:\nSELECT 1", "Question: How warm is device 7?\nSQL:\nSELECT 2")
FILE = """
name: {name}
messages:
  - {{role: system, content: "Answer.\\n{{{{examples}}}}"}}
  - {{role: user, content: "{{{{question}}}}"}}
sections:
  examples:
    - {{question: "Which sites are offline?", sql: "SELECT 1"}}
    - {{question: "How warm is device 7?", sql: "SELECT 2"}}
"""


@pytest.fixture
def say(capsys, monkeypatch):
    """Run a command; gives its exit code and what it said."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str]:
        code = main(list(arguments))
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def fill_lake(project: str) -> None:
    """Ten questions about offline sites, answered wrongly, and ten about warmth, answered rightly."""
    lake, spans, decisions = Lake.open(load_settings().lake), [], []
    for number in range(20):
        asked = f"Which sites are offline for {number} days?" if number < 10 else f"How warm is device {number}?"
        said = [{"role": "system", "content": "Answer.\n" + "\n\n".join(SHOWN)}, {"role": "user", "content": asked}]
        spans.append(
            {
                "span_id": f"s{number}",
                "trace_id": f"t{number}",
                "input": asked,
                "input_messages": json.dumps(said),
                "prompt_tokens": 100,
                "prompt_template": "Answer.\n{{examples}}{{question}}",
                "prompt_variables": json.dumps({"examples": "\n\n".join(SHOWN), "question": asked}),
            }
        )
        decisions.append({"unit_id": f"s{number}", "evaluator": "judge", "score": float(number >= 10)})
    put(
        lake,
        "spans",
        *spans,
        {"span_id": "other", "trace_id": "t", "name": "other", "prompt_tokens": 7},
        project=project,
    )
    put(lake, "decisions", *decisions, project=project)


@pytest.fixture
def lake_root(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    monkeypatch.setenv("NIGHTJAR_LAKE__ROOT", str(tmp_path / "lake"))
    fill_lake("mine")


def test_tokens_are_told_by_section_for_people_and_for_programs(say, lake_root):
    code, told = say("tokens", "--project", "mine")
    assert code == 0
    assert "20 of 20 calls (100%) name template and variables, in 20 sessions." in " ".join(told.split())
    assert "Without template and variables: other (1 calls)." in told
    (generate, other) = json.loads(say("tokens", "--project", "mine", "--json")[1])
    assert (generate["name"], generate["calls"], other["sections"]) == ("generate", 20, [])
    shares = {each["section"]: each["share"] for each in generate["sections"]}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["examples"] > shares["question"] > shares["(fixed text)"]
    code, told = say("tokens", "--project", "nobodys")
    assert (code, "no spans of project 'nobodys'" in told) == (1, True)


@pytest.mark.servers
def test_weak_examples_are_told(say, nightjar_env, project, tmp_path):
    fill_lake(project)
    name = f"examples-{uuid.uuid4().hex[:8]}"
    (tmp_path / "prompt.yaml").write_text(FILE.format(name=name))
    assert say("prompts", "push", str(tmp_path / "prompt.yaml"), "--tag", "production")[0] == 0
    code, told = say("examples", name, "--metric", "judge")
    assert code == 0
    assert f"{name}@production. Of the answers" in told
    assert "50% (30% to 70%, n 20) pass judge, to 20 questions." in told
    first, second = told.split("\n\n")[1:]
    assert first.startswith("1. Which sites are offline?")
    assert "WEAK" in first
    assert "WEAK" not in second
    found = json.loads(say("examples", name, "--metric", "judge", "--json")[1])
    assert [each["finding"] for each in found["examples"]] == ["weak", ""]
    code, told = say("examples", name)
    assert (code, "Name it (--metric)" in told) == (1, True)
