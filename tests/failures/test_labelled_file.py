"""Labelled traces in a file."""

import json

import pytest

from tasks.failures.labelled_file import ROOT, ordered_states, read_labelled
from tasks.shared.errors import ConfigurationError

TRACE = {
    "id": "a",
    "conversation": [
        {"role": "user", "content": "Find me a soup."},
        {"role": "assistant", "state": "Plan", "content": "", "tool_calls": [{"name": "find"}]},
        {"role": "tool", "name": "Fetch", "content": "Error: down"},
        {"role": "assistant", "content": "Sorry."},
    ],
    "last_success_state": "Plan",
    "first_failure_state": "Fetch",
}


def written(tmp_path, *lines):
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def test_a_line_is_a_run_whose_messages_are_its_steps(tmp_path):
    found = read_labelled(written(tmp_path, TRACE, "", {**TRACE, "id": "b", "conversation": "It broke."}))
    root, asked, plan, fetch, said, other, text = found.rows.to_pylist()
    assert (root["name"], root["kind"], root["input"], root["output"]) == (ROOT, "AGENT", "Find me a soup.", "Sorry.")
    assert json.loads(root["metadata"])["first_failure_state"] == "Fetch"
    assert [(step["name"], step["kind"]) for step in (asked, plan, fetch, said)] == [
        ("user", "CHAIN"), ("Plan", "LLM"), ("Fetch", "TOOL"), ("assistant", "LLM"),
    ]  # fmt: skip
    assert plan["output"] == '[{"name":"find"}]'
    assert {step["parent_id"] for step in (asked, plan, fetch, said)} == {root["span_id"]}
    assert (other["trace_id"] != root["trace_id"], text["output"]) == (True, "It broke.")
    assert found.traces == 2
    assert found.rows.equals(read_labelled(tmp_path / "labelled.jsonl").rows)


@pytest.mark.parametrize("said", [None, "", " None", "null", "No failure", "none"])
def test_what_says_that_nothing_failed_is_no_state(tmp_path, said):
    found = read_labelled(written(tmp_path, {**TRACE, "first_failure_state": said}))
    assert json.loads(found.rows["metadata"][0].as_py())["first_failure_state"] == "none"
    assert found.states == ("Plan",)


def test_another_file_is_another_project(tmp_path):
    one = read_labelled(written(tmp_path, TRACE)).project
    assert one != read_labelled(written(tmp_path, {**TRACE, "id": "b"})).project


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("{",), "line 1 is no JSON"),
        ((TRACE, "[]"), "line 2 needs id"),
        (({name: TRACE[name] for name in TRACE if name != "last_success_state"},), "line 1 needs id"),
        (({name: TRACE[name] for name in TRACE if name != "first_failure_state"},), "line 1 needs id"),
        (({**TRACE, "first_failure_state": 3},), "first_failure_state is 3"),
        ((TRACE, TRACE), "line 2: id 'a' was there before"),
        (({**TRACE, "conversation": 3},), "line 1: conversation is neither"),
        (("",), "has no line"),
    ],
)
def test_what_is_no_labelled_trace_is_named(tmp_path, lines, said):
    with pytest.raises(ConfigurationError, match=said):
        read_labelled(written(tmp_path, *lines))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_labelled(tmp_path / "none.jsonl")


def test_states_come_after_those_that_were_their_last_success():
    pairs = [("c", "d"), ("a", "b"), ("b", "c"), ("none", "a"), ("b", "d"), ("d", "none")]
    assert ordered_states(pairs) == ("a", "b", "c", "d")
    assert set(ordered_states([("a", "b"), ("b", "a")])) == {"a", "b"}
