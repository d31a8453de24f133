"""Which failing calls are shown to the model that improves a prompt, and how."""

import json
from itertools import count

import pytest

from tasks.prompts.failures import Failure, failing_calls, shown_failures
from tasks.shared.anonymise import Anonymiser
from tasks.shared.questions import normalised
from tasks.shared.settings import AnonymiseSettings, Settings, SplitSettings
from tasks.shared.splits import cluster_of
from tests.prompts.conftest import DAY, put, sessions_in

METRICS = ("valid", "toxic")
SPLITS = SplitSettings()


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    return Settings()


def calls(lake, settings, **changes):
    asked = {"versions": ["v1"], "names": [], "evaluators": METRICS} | changes
    return {row["span_id"]: row for row in failing_calls(lake, "p", DAY, settings, **asked)}


def shown(rows, sealed=(), most=20, kept=()):
    anonymiser = Anonymiser(b"0" * 32, "golden", AnonymiseSettings())
    return shown_failures(
        rows, set(sealed), anonymiser=anonymiser, splits=SPLITS, kept=dict(kept), question="question", most=most
    )


def span(span_id, **values):
    return {"span_id": span_id, "trace_id": f"t-{span_id}", "prompt_version": "v1", **values}


def test_a_call_failed_when_an_evaluator_of_the_gate_or_a_person_says_so(lake, settings):
    others = (span("foreign", prompt_version="v0"), span("root", trace_id="t-thumbs", name="chat", prompt_version=None))
    names = ("good", "low", "high", "by trace", "thumbs", "rejected", "other")
    put(lake, "spans", *(span(name) for name in names), *others)
    put(
        lake,
        "decisions",
        {"unit_id": "good", "evaluator": "valid", "score": 1.0},
        {"unit_id": "low", "evaluator": "valid", "score": 0.0, "label": "invalid", "explanation": "no such column"},
        {"unit_id": "high", "evaluator": "toxic", "direction": "minimize", "score": 1.0},
        {"unit": "trace", "unit_id": "t-by trace", "evaluator": "valid", "score": 0.2},
        {"unit_id": "other", "evaluator": "not of the gate", "score": 0.0},
        {"unit_id": "other", "evaluator": "fast", "kind": "code", "score": 0.0},
        {"unit_id": "good", "evaluator": "toxic", "direction": "minimize", "score": None, "status": "errored"},
        {"unit_id": "foreign", "evaluator": "valid", "score": 0.0},
    )
    put(
        lake,
        "annotations",
        {"annotation_id": "1", "unit_id": "root", "label": "thumbs_down", "explanation": "wrong table"},
        {"annotation_id": "2", "unit": "trace", "unit_id": "t-rejected", "label": "Incorrect"},
        {"annotation_id": "3", "unit_id": "good", "label": "thumbs_up", "explanation": "nice"},
        {"annotation_id": "4", "unit_id": "low", "name": "correction", "explanation": "SELECT 2"},
        {"annotation_id": "5", "unit_id": "good", "annotator_kind": "LLM", "label": "negative"},
    )
    found = calls(lake, settings)
    assert set(found) == {"low", "high", "by trace", "thumbs", "rejected"}
    assert found["low"]["failures"] == [
        {"evaluator": "valid", "label": "invalid", "score": 0.0, "explanation": "no such column"}
    ]
    assert (found["low"]["correction"], found["low"]["comments"]) == ("SELECT 2", [])
    assert found["thumbs"]["comments"] == ["wrong table"]
    assert set(calls(lake, settings, versions=[], names=["generate"])) == {*found, "foreign"}
    assert set(calls(lake, settings, judges=True)) == {*found, "other"}
    assert set(calls(lake, settings, evaluators=["fast"])) == {"thumbs", "rejected", "other"}


def test_the_traces_of_sealed_examples_are_left_out(lake, settings):
    put(lake, "spans", *(span(name) for name in ("a", "b")))
    put(lake, "decisions", *({"unit_id": name, "evaluator": "valid", "score": 0.0} for name in ("a", "b")))
    put(
        lake,
        "examples",
        {"example_id": "1", "span_id": "root", "trace_id": "t-a", "split": "test"},
        {"example_id": "2", "span_id": "root", "trace_id": "t-b", "split": "train"},
    )
    assert set(calls(lake, settings)) == {"b"}


def test_the_version_that_decided_last_counts_by_its_own_threshold(lake, settings):
    put(lake, "spans", span("a"), span("b"))
    put(
        lake,
        "decisions",
        *({"unit_id": name, "evaluator": "valid", "version": "2", "score": 0.7} for name in "ab"),
        {"unit_id": "a", "evaluator": "valid", "version": "1", "score": 0.0},
    )
    assert calls(lake, settings) == {}
    lake.put_file("judges/valid@2.json", json.dumps({"question": {"passes_at": 0.8}}).encode())
    assert set(calls(lake, settings)) == {"a", "b"}


def test_feedback_and_errors_of_the_trace_are_told(lake, settings):
    put(lake, "spans", span("a"), span("tool", trace_id="t-a", prompt_version=None, status_code="ERROR",
        exception_type="UndefinedColumn", exception_message="no column x"))  # fmt: skip
    put(lake, "feedback", {"feedback_id": "f", "trace_id": "t-a", "comment": "not what I asked"})
    (failure,) = shown([calls(lake, settings)["a"] | {"session_id": sessions_in("train", 1)[0]}])
    assert failure.said == ("it led to an error: UndefinedColumn: no column x",)
    assert failure.comments == ("not what I asked",)


NUMBERS = count()


def row(session, question="why?", **values):
    return {
        "span_id": f"s{next(NUMBERS)}",
        "trace_id": f"t-{session}",
        "session_id": session,
        "input": question,
        "output": "because",
        "prompt_variables": None,
        "failures": [{"evaluator": "valid", "label": "invalid", "score": 0.0, "explanation": ""}],
        "comments": [],
        "correction": None,
        "trouble": None,
    } | values


def test_only_sessions_to_learn_from_are_shown_and_no_question_of_a_sealed_split():
    rows = [row(sessions_in(split, 1)[0], f"asked in {split}") for split in ("train", "dev", "test", "holdout")]
    assert [failure.question for failure in shown(rows)] == ["asked in train"]
    train = sessions_in("train", 3)
    rows = [row(train[0], "Sealed  question?"), row(train[1], "open question")]
    assert [failure.question for failure in shown(rows, {normalised("sealed QUESTION")})] == ["open question"]
    kept = {cluster_of(train[0], ""): "holdout"}
    assert [failure.question for failure in shown(rows, kept=kept)] == ["open question"]


def test_what_is_shown_is_anonymised_and_each_question_comes_once_by_its_most_telling_failure():
    one, two = sessions_in("train", 2)
    mail = "ask ada@example.org"
    rows = [
        row(one, "Why?", comments=[mail]),
        row(two, "why"),
        row(two, "other", output=mail, prompt_variables=json.dumps({"question": f"who? {mail}"})),
    ]
    found = {failure.question.partition("?")[0]: failure for failure in shown(rows)}
    assert set(found) == {"Why", "who"}
    assert "ada@" not in repr(found)
    assert found["Why"].comments[0].startswith("ask ")
    assert found["who"].as_json()["what_is_wrong"] == ["valid: invalid"]
    assert "people_say" not in found["who"].as_json()


def test_every_kind_of_failure_has_its_turn():
    sessions = sessions_in("train", 6)
    often = [row(session, f"often {i}") for i, session in enumerate(sessions[:5])]
    rare = row(sessions[5], "rare", failures=[{"evaluator": "other", "label": None, "score": 0.25, "explanation": "x"}])
    found = shown([*often, rare], most=2)
    assert {failure.evaluators for failure in found} == {("valid",), ("other",)}
    assert next(f for f in found if f.evaluators == ("other",)).said == ("other: score 0.25, x",)
    assert all(isinstance(failure, Failure) for failure in found)
