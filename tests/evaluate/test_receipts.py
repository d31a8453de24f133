"""What the evaluation tells: annotations made of decisions, and one receipt of many."""

import datetime as dt

import pyarrow as pa
import pytest

from tasks.evaluate.annotations import annotations_of, publishing
from tasks.evaluate.catalogue import Ready
from tasks.evaluate.receipts import summary
from tasks.shared.gateways.phoenix import Annotation, AnnotationReceipt
from tasks.shared.records import Batch, Evaluator
from tests.evaluate.rows import DAY


@pytest.mark.parametrize(("kind", "annotator"), [("code", "CODE"), ("llm", "LLM")])
def test_a_decision_becomes_an_annotation_under_nightjars_own_identifier(kind, annotator):
    evaluator = Evaluator(unit="span", needs=(), score=len, version="3", kind=kind, direction="minimize")
    said = {
        "unit_id": ["a", "b"],
        "status": ["scored", "not_applicable"],
        "score": [0.5, None],
        "label": ["half", None],
    }
    rows = pa.table({**said, "label": ["half", None], "explanation": ["because", "nothing to judge"]})
    (scored, withdrawn) = annotations_of(Ready("mine", evaluator, {}), rows)
    assert (withdrawn.target_id, withdrawn.score, withdrawn.label, withdrawn.withdrawn) == ("b", None, None, True)
    assert withdrawn.explanation == "Withdrawn, the unit is not_applicable now: nothing to judge"
    assert [scored] == [
        Annotation(
            target_id="a",
            name="mine",
            identifier="nightjar:mine@3",
            kind=annotator,
            score=0.5,
            label="half",
            explanation="because",
            metadata={"direction": "minimize", "version": "3"},
        )
    ]


def test_every_annotation_is_accounted_for():
    receipt = AnnotationReceipt(written=2, already_there=1, unknown=("x", "y"), kept=("z",), withdrawn=1)
    counts, notes = publishing("trace", receipt)
    assert counts == {
        "published": 2,
        "already_published": 1,
        "unknown_to_phoenix": 2,
        "kept_as_changed_by_a_person": 1,
        "withdrawn": 1,
    }
    assert notes == ("Phoenix does not have 2 of the traces to annotate, for example x, y",)
    assert publishing("trace", AnnotationReceipt()) == ({}, ())


def test_one_receipt_counts_in_all_and_by_evaluator():
    day = dt.date(2026, 11, 19)
    scored = {
        "a": Batch("decisions", "p", DAY, 5, {"scored": 3, "errored": 1}, (day,), ("a raised",)),
        "b": Batch("decisions", "p", DAY, 2, {"scored": 2}, (day,)),
    }
    published = {"a": Batch("decisions", "p", DAY, 3, {"published": 3}, notes=("unknown",))}
    assert summary("p", DAY, scored, published) == Batch(
        table="decisions",
        project="p",
        window=DAY,
        rows=7,
        counts={
            "scored": 5,
            "errored": 1,
            "published": 3,
            "a.scored": 3,
            "a.errored": 1,
            "a.published": 3,
            "b.scored": 2,
        },
        changed_days=(day,),
        notes=("a raised", "unknown"),
    )
