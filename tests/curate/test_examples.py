"""What an example says: the question with its variables, the right answer as far as it is known, where it is from."""

import datetime as dt
import json

import pytest

from tasks.curate.answers import Later, later_answers
from tasks.curate.examples import (
    Taken,
    Version,
    content_of,
    example_id,
    example_row,
    phoenix_example,
    right_answer,
    variables,
)
from tasks.curate.holdings import Holdings
from tasks.curate.masking import anonymiser_of
from tasks.curate.pool import source
from tasks.shared.gateways.phoenix import Dataset, Example
from tasks.shared.settings import AnonymiseSettings, CurationSettings, FeedbackSettings
from tests.curate.traffic_rows import NOON, WINDOW, asked, lake_at, put_annotations, put_spans

ROW = {
    "span_id": "ab" * 8,
    "trace_id": "cd" * 16,
    "session_id": "s1",
    "start_time": NOON,
    "name": "write",
    "kind": "LLM",
    "prompt_version": "v3",
    "question": "How many?",
    "correction": None,
    "opinions": '[{"name": "correctness", "label": "wrong"}]',
    "right_for": [],
    "approved": 0,
    "positive": 0,
}
TEXTS = {"output": "Five.", "prompt_variables": '{"schema": "s", "n": 3}', "metadata": '{"plan": "free", "x": 1}'}
VERSION = Version("golden", "golden", "golden-2026-11-20", NOON)


def taken(later=None, **row):
    return Taken(ROW | row, "golden", TEXTS, later)


@pytest.mark.parametrize(
    ("kind", "row", "later", "expected"),
    [
        ("golden", {"right_for": ["golden"], "positive": 1}, None, ("Five.", "feedback")),
        ("golden", {"right_for": ["golden"], "approved": 1, "positive": 1}, None, ("Five.", "people")),
        ("golden", {"right_for": ["golden"]}, None, ("Five.", "scores")),
        ("golden", {}, None, (None, None)),
        ("golden", {"correction": "Six."}, Later("Seven.", "s9"), ("Six.", "correction")),
        ("failed", {}, Later("Seven.", "s9"), ("Seven.", "later answer s9")),
        ("blocked", {}, Later("Seven.", "s9"), (None, None)),
    ],
)
def test_the_right_answer_is_the_correction_the_proven_answer_a_later_one_or_unknown(kind, row, later, expected):
    assert right_answer(kind, taken(later, **row)) == expected


def test_an_example_has_the_variables_its_split_and_the_way_back_and_shows_a_wrong_answer_as_such():
    row = example_row(taken(), content_of(taken(), "failed", ("plan",)), VERSION, "dev")
    assert json.loads(row["input"]) == {"input": "How many?", "schema": "s", "n": "3"}
    assert row["output"] is None
    metadata = json.loads(row["metadata"])
    assert (metadata["answer"], metadata["cohort"], metadata["labels"][0]["label"]) == (
        "Five.",
        {"plan": "free"},
        "wrong",
    )
    assert (metadata["span_id"], metadata["trace_id"], metadata["version"]) == ("ab" * 8, "cd" * 16, VERSION.name)
    assert "right_by" not in metadata
    assert row["example_id"] == example_id("golden", "ab" * 8) != example_id("failed", "ab" * 8)
    example = phoenix_example(row)
    assert (example.output, example.splits, example.span_id) == ({}, ("dev",), "ab" * 8)


def test_variables_are_texts_whatever_they_were():
    assert variables('{"a": "x", "b": [1, {"c": 2}], "d": null}') == {"a": "x", "b": '[1,{"c":2}]'}
    assert variables("[1]") == variables("{broken") == variables(None) == {}


def test_a_failure_gets_the_first_right_answer_to_the_same_question_since(tmp_path):
    lake = lake_at(tmp_path)
    failure = asked(5, "How many  are on?", status_code="ERROR", output=None)
    answers = [asked(1, "How many are on?"), asked(8, "how many are ON? "), asked(9, "How many are on?")]
    put_spans(lake, failure, *answers)
    put_annotations(lake, [{"of": each, "name": "x", "label": "correct"} for each in answers])
    of = source(lake, "p", WINDOW, CurationSettings(), FeedbackSettings())
    row = {"span_id": failure["span_id"], "question": failure["input"], "start_time": failure["start_time"]}
    found = later_answers(of, [row])
    assert found == {failure["span_id"]: Later("answer 8", answers[1]["span_id"])}
    assert later_answers(of, []) == {}


def test_masks_are_made_with_one_key_for_ever_or_with_that_of_the_settings(tmp_path):
    lake = lake_at(tmp_path)
    text = "Write to ann@example.com."
    first = anonymiser_of("golden", AnonymiseSettings(), lake).text(text)
    assert first == anonymiser_of("golden", AnonymiseSettings(), lake).text(text)
    assert first != anonymiser_of("failed", AnonymiseSettings(), lake).text(text)
    assert first != anonymiser_of("golden", AnonymiseSettings(key="k" * 16), lake).text(text)


def held(rows=(), versions=(), in_phoenix=(), exists=True):
    dataset = Dataset("id", "golden", "", {}, 0) if exists else None
    return Holdings("p", "golden", "golden", rows, versions, dataset, in_phoenix)


def row_of(number, version):
    said = {"input": json.dumps({"input": f"question {number}"}), "output": None, "split": "dev"}
    said["metadata"] = json.dumps({"stratum": "golden"})
    return {"example_id": f"e{number}", "span_id": f"s{number}", "version": version, "added_at": NOON, **said}


def test_versions_are_named_by_their_day_and_numbered_within_it():
    closed = [{"version": name, "start_time": NOON} for name in ("golden-2026-11-18", "golden-2026-11-18.2")]
    assert held().next_version(NOON).name == "golden-2026-11-18"
    assert held(versions=closed).next_version(NOON).name == "golden-2026-11-18.3"
    opened = [
        {"version": "golden-2026-11-11", "added_at": NOON - dt.timedelta(days=7), "span_id": "a", "example_id": "e"}
    ]
    assert held(opened, closed).next_version(NOON) == Version(
        "golden", "golden", "golden-2026-11-11", NOON - dt.timedelta(days=7)
    )


def test_what_others_added_counts_and_what_is_open_is_drawn_again():
    def example(number, **metadata):
        return Example(f"e{number}", {"input": f"question {number}"}, {}, {"stratum": "golden", **metadata})

    now = held(
        [row_of(1, "closed"), row_of(2, "open"), row_of(3, "closed")],
        [{"version": "closed", "start_time": NOON, "phoenix_dataset_id": "id"}],
        [example(1), example(2), example(9, span_id="s9"), Example("people's", {"q": "theirs"}, {}, {})],
    )
    assert now.taken_spans == {"s1", "s3", "s9"}
    assert sorted(now.texts) == ["question 1", "question 9", "theirs"]
    assert now.strata == {"golden": 2, "": 1}
    assert [each["span_id"] for each in now.unsent] == ["s2"]
    growing = CurationSettings(size=10, growth=3)
    assert [now.wanted(growing, NOON + dt.timedelta(days=days)) for days in (0, 6, 7, 21)] == [10, 10, 13, 19]
    assert held().wanted(growing, NOON) == 10


def test_examples_that_are_put_back_since_the_dataset_is_gone_count_as_held():
    rows = [row_of(1, "closed"), row_of(2, "open")]
    versions = [{"version": "closed", "start_time": NOON, "phoenix_dataset_id": "before"}]
    theirs = Example("people's", {"q": "theirs"}, {}, {})
    for gone in (held(rows, versions, exists=False), held(rows, versions, [theirs])):
        assert gone.gone
        assert [each["span_id"] for each in gone.unsent] == ["s1", "s2"]
        assert gone.texts[0] == "question 1"
        assert gone.strata["golden"] == 1
    assert gone.texts == ["question 1", "theirs"]
