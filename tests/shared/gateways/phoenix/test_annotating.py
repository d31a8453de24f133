"""Annotations in a real Phoenix: written once, accounted for, nobody else's touched."""

import datetime as dt
from dataclasses import replace

import httpx
import pytest

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import Annotation, AnnotationReceipt, Phoenix, annotating
from tests.shared.gateways.phoenix.conftest import HOUR
from tests.traffic import TestSpan, ingest, new_span_id

MINE = "nightjar:has_output@1"


@pytest.fixture
def sent(settings, project):
    spans = [
        TestSpan(start=HOUR + dt.timedelta(seconds=i), attributes={"session.id": f"{project} s{i}"}) for i in range(5)
    ]
    ingest(settings().url, project, spans)
    return spans


def annotation(target_id: str, **changes: object) -> Annotation:
    plain = Annotation(target_id, "has_output", MINE, "CODE", 0.1 + 0.2, "yes", "grüße", {"n": 1, "deep": {"x": [1.5]}})
    return replace(plain, **changes)


def targets(unit: str, spans: list[TestSpan]) -> list[str]:
    of = {"span": lambda s: s.span_id, "trace": lambda s: s.trace_id, "session": lambda s: s.attributes["session.id"]}
    return [of[unit](span) for span in spans]


@pytest.mark.parametrize("unit", ["span", "trace", "session"])
async def test_writing_twice_changes_nothing(settings, project, sent, unit):
    wanted = [annotation(target) for target in targets(unit, sent)]
    async with Phoenix(settings()) as phoenix:
        assert await phoenix.annotate(project, unit, wanted) == AnnotationReceipt(written=5)
        first = await phoenix.annotations(project, unit, targets(unit, sent))
        assert await phoenix.annotate(project, unit, wanted) == AnnotationReceipt(already_there=5)
        assert await phoenix.annotations(project, unit, targets(unit, sent)) == first
    assert {row["identifier"] for row in first} == {MINE}
    assert first[0]["result"] == {"score": 0.1 + 0.2, "label": "yes", "explanation": "grüße"}
    assert first[0]["metadata"] == {"n": 1, "deep": {"x": [1.5]}}
    assert first[0]["annotator_kind"] == "CODE"


async def test_only_what_differs_is_written_again(settings, project, sent):
    wanted = [annotation(span.span_id) for span in sent]
    changed = [replace(wanted[0], score=0.0), replace(wanted[1], explanation=None), *wanted[2:]]
    async with Phoenix(settings()) as phoenix:
        await phoenix.annotate(project, "span", wanted)
        assert await phoenix.annotate(project, "span", changed) == AnnotationReceipt(written=2, already_there=3)
        rows = await phoenix.annotations(project, "span", [sent[0].span_id, sent[1].span_id])
    assert {row["span_id"]: row["result"]["score"] for row in rows} == {
        sent[0].span_id: 0.0,
        sent[1].span_id: 0.1 + 0.2,
    }


@pytest.mark.parametrize("unit", ["span", "trace", "session"])
async def test_a_score_that_is_taken_back_leaves_only_why_and_a_persons_word_stays(settings, project, sent, unit):
    scored, persons, never = targets(unit, sent)[:3]
    back = [
        annotation(target, score=None, label=None, explanation="not applicable now", withdrawn=True)
        for target in (scored, persons, never)
    ]
    async with Phoenix(settings()) as phoenix:
        await phoenix.annotate(project, unit, [annotation(scored), annotation(persons, kind="HUMAN")])
        receipt = AnnotationReceipt(written=1, already_there=1, kept=(persons,), withdrawn=1)
        assert await phoenix.annotate(project, unit, back) == receipt
        again = AnnotationReceipt(already_there=2, kept=(persons,))
        assert await phoenix.annotate(project, unit, back) == again
        rows = await phoenix.annotations(project, unit, [scored, persons, never])
    left = {row[f"{unit}_id"]: row["result"] for row in rows}
    assert left.keys() == {scored, persons}
    assert {name: value for name, value in left[scored].items() if value} == {"explanation": "not applicable now"}
    assert left[persons]["score"] == 0.1 + 0.2


@pytest.mark.parametrize("unit", ["span", "trace", "session"])
@pytest.mark.parametrize("queued_from", [0, 500], ids=["queued", "synchronous"])
async def test_unknown_targets_are_counted_and_the_others_written(
    settings, project, sent, unit, queued_from, monkeypatch
):
    monkeypatch.setattr(annotating, "SYNCHRONOUS_AT_MOST", queued_from)
    unknown = sorted([new_span_id(), f"{project}, a session"])
    wanted = [annotation(target) for target in (*targets(unit, sent), *unknown)]
    async with Phoenix(settings()) as phoenix:
        receipt = await phoenix.annotate(project, unit, wanted)
        assert receipt == AnnotationReceipt(written=5, unknown=tuple(unknown))
        assert len(await phoenix.annotations(project, unit, [*targets(unit, sent), *unknown])) == 5


@pytest.mark.parametrize("at_once", [1, 4, 100])
async def test_what_became_of_them_adds_up_however_few_are_compared_at_once(
    settings, project, sent, at_once, monkeypatch
):
    monkeypatch.setattr(annotating, "AT_ONCE", at_once)
    unknown = sorted(new_span_id() for _ in range(3))
    changed, *wanted = [annotation(span.span_id, name=name) for name in ("one", "two") for span in sent]
    async with Phoenix(settings()) as phoenix:
        await phoenix.annotate(project, "span", [replace(changed, score=0.0)])
        given = [changed, *wanted, *(annotation(target) for target in unknown)]
        receipt = await phoenix.annotate(project, "span", given)
        assert receipt == AnnotationReceipt(written=10, unknown=tuple(unknown))
        assert await phoenix.annotate(project, "span", [changed, *wanted]) == AnnotationReceipt(already_there=10)


async def test_when_every_target_is_unknown_all_are_reported(settings, project, sent):
    ids = sorted(new_span_id() for _ in range(3))
    async with Phoenix(settings()) as phoenix:
        assert await phoenix.annotations(project, "span", ids) == []
        receipt = await phoenix.annotate(project, "span", [annotation(i) for i in ids])
    assert receipt == AnnotationReceipt(unknown=tuple(ids))


async def test_other_peoples_annotations_are_never_overwritten(settings, project, sent):
    target = sent[0].span_id
    human = {"span_id": target, "name": "has_output", "annotator_kind": "HUMAN", "result": {"label": "no"}}
    tool = {**human, "annotator_kind": "LLM", "identifier": "tool"}
    corrected = {**human, "span_id": sent[1].span_id, "identifier": MINE, "result": {"label": "corrected"}}
    async with httpx.AsyncClient(base_url=settings().url, params={"sync": True}) as other:
        (await other.post("/v1/span_annotations", json={"data": [human, tool, corrected]})).raise_for_status()
        (await other.post("/v1/span_notes", json={"data": {"span_id": target, "note": "look"}})).raise_for_status()
    async with Phoenix(settings()) as phoenix:
        receipt = await phoenix.annotate(project, "span", [annotation(span.span_id) for span in sent])
        assert receipt == AnnotationReceipt(written=4, kept=(sent[1].span_id,))
        rows = await phoenix.annotations(project, "span", [target, sent[1].span_id])
    labels = {(row["span_id"], row["name"], row["annotator_kind"]): row["result"]["label"] for row in rows}
    assert labels[target, "has_output", "HUMAN"] == "no"
    assert labels[target, "has_output", "CODE"] == "yes"
    assert labels[sent[1].span_id, "has_output", "HUMAN"] == "corrected"
    assert any(name == "note" for _, name, _ in labels)
    assert len(rows) == 5


async def test_many_annotations_are_queued_and_read_back(settings, project, sent):
    wanted = [annotation(sent[i % 5].span_id, name=f"check {i // 5}") for i in range(600)]
    async with Phoenix(settings()) as phoenix:
        assert await phoenix.annotate(project, "span", wanted) == AnnotationReceipt(written=600)
        assert len(await phoenix.annotations(project, "span", targets("span", sent))) == 600
        assert await phoenix.annotate(project, "span", wanted) == AnnotationReceipt(already_there=600)
        assert await phoenix.annotate(project, "span", []) == AnnotationReceipt()


async def test_text_that_postgresql_cannot_store_is_replaced(settings, project, sent):
    wanted = [annotation(sent[0].span_id, explanation="a\x00b\ud800c", label="")]
    async with Phoenix(settings()) as phoenix:
        assert (await phoenix.annotate(project, "span", wanted)).written == 1
        assert (await phoenix.annotate(project, "span", wanted)).already_there == 1
        rows = await phoenix.annotations(project, "span", [sent[0].span_id])
    assert rows[0]["result"]["explanation"] == "a\ufffdb?c"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([annotation("a", identifier="")], "identifier"),
        ([annotation("a", name="note")], "note"),
        ([annotation("a", score=float("nan"))], "score nan"),
        ([annotation("a"), annotation("a", score=0.0)], "twice"),
    ],
)
def test_what_phoenix_would_refuse_or_overwrite_is_refused_before(wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        annotating.by_key(wrong)


def test_ids_are_cut_into_runs_that_fit_a_url():
    ids = ["x" * 5000] * 5 + ["y"] * 600
    runs = annotating.fitting(ids)
    assert [identifier for run in runs for identifier in run] == ids
    assert max(len(run) for run in runs) <= 500
    assert max(sum(map(len, run)) for run in runs) <= 20_000
    assert annotating.fitting([]) == []
