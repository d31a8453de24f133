"""Labels in a Phoenix dataset as annotations of people."""

import datetime as dt

import pytest

from tasks.fetch.dataset_labels import LABELS_REPLACED, by_day_to_write, label_rows, labels_in
from tasks.shared.gateways.phoenix import Example
from tasks.shared.records import Window
from tasks.shared.settings import LabelSettings, LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS, DECISIONS, SPANS
from tests.evaluate.rows import DAY, NOON, decision, decision_table, span_row, span_table

PROJECT, FILE = "p", "labels-mine"
WEEK = Window(DAY.start - dt.timedelta(days=6), DAY.end)


def example(name, output=None, span_id=None, **metadata):
    return Example(name, {}, output or {}, metadata, span_id)


@pytest.fixture
def lake(tmp_path):
    lake = Lake.open(LakeSettings(root=str(tmp_path / "lake")))
    rows = [decision("span", unit_id, "mine") for unit_id in ("a", "b")]
    lake.write(DECISIONS, PROJECT, DAY, decision_table(*rows, decision("span", "c", "other")), file="mine@1")
    return lake


def test_an_example_is_a_label_once_its_output_or_metadata_says_so():
    found = labels_in(
        [
            example("waits", {"output": "shown"}, unit_id="a"),
            example("empty", {"label": ""}, unit_id="a"),
            example("said", {"label": "good", "annotator": "ann"}, unit_id="a", inclusion_probability=0.25),
            example("scored", {"score": 0}, span_id="s"),
            example("noted", {"output": "shown"}, unit_id="b", label="poor", annotator="bob", draw="random"),
            example("flag", {"score": True}, unit_id="a"),
        ]
    )
    assert [(f.example_id, f.unit_id, f.span_id, f.label, f.score, f.annotator, dict(f.draw)) for f in found] == [
        ("said", "a", None, "good", None, "ann", {"inclusion_probability": 0.25}),
        ("scored", None, "s", None, 0.0, "", {}),
        ("noted", "b", None, "poor", None, "bob", {"draw": "random"}),
    ]


def test_labels_become_annotations_of_the_units_that_the_judge_decided_on(lake):
    said = {"label": "good", "annotator": "ann"}
    labels = list(labels_in([example(unit_id, said, unit_id=unit_id) for unit_id in ("a", "c", "gone")]))
    (row,) = label_rows(lake, PROJECT, WEEK, "mine", {"experts": labels}).to_pylist()
    assert (row["annotation_id"], row["unit"], row["unit_id"]) == ("experts:a:a", "span", "a")
    assert (row["name"], row["annotator_kind"], row["label"]) == ("mine", "HUMAN", "good")
    assert (row["identifier"], row["start_time"]) == ("dataset:experts/ann", NOON)


def test_an_example_without_a_unit_is_about_what_its_span_belongs_to(lake):
    lake.write(SPANS, PROJECT, DAY, span_table(span_row("s", trace_id="t", session_id="v")))
    lake.write(DECISIONS, PROJECT, DAY, decision_table(decision("trace", "t", "whole")), file="whole@1")
    labels = list(labels_in([example("e", {"label": "good"}, span_id="s")]))
    assert [row["unit_id"] for row in label_rows(lake, PROJECT, WEEK, "whole", {"d": labels}).to_pylist()] == ["t"]
    assert label_rows(lake, PROJECT, WEEK, "mine", {"d": labels}).num_rows == 0


def test_a_label_that_was_taken_back_goes_from_the_lake_and_people_s_annotations_stay(lake):
    others = {"unit": "span", "unit_id": "a", "start_time": NOON, "name": "mine", "annotator_kind": "HUMAN"}
    own = dict.fromkeys(ANNOTATIONS.schema.names) | others | {"annotation_id": "1", "identifier": ""}
    lake.write(ANNOTATIONS, PROJECT, DAY, ANNOTATIONS.schema.empty_table().from_pylist([own], ANNOTATIONS.schema))
    for unit_ids, kept in ((["a", "b"], ["1", "d:a:a", "d:b:b"]), (["b"], ["1", "d:b:b"]), ([], ["1"])):
        labels = list(labels_in([example(unit_id, {"label": "good"}, unit_id=unit_id) for unit_id in unit_ids]))
        rows = label_rows(lake, PROJECT, WEEK, "mine", {"d": labels})
        for day, todays in by_day_to_write(lake, PROJECT, WEEK, FILE, rows).items():
            lake.write(LABELS_REPLACED, PROJECT, Window.of_day(day), todays, file=FILE)
        assert sorted(lake.read(ANNOTATIONS, PROJECT)["annotation_id"].to_pylist()) == kept
    assert by_day_to_write(lake, PROJECT, WEEK, FILE, rows) == {}


def test_the_queues_own_dataset_and_the_settings_one_are_read():
    settings = LabelSettings(datasets={"mine": "experts"})
    assert settings.datasets_of("p", "mine") == ("p: labels for mine", "experts")
    assert settings.datasets_of("p", "other") == ("p: labels for other",)
