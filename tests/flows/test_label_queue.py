"""The label queue on the real Phoenix: drawn once, published once, told of truly."""

import datetime as dt

import httpx
import pytest

from flows.ingestion import ingestion
from flows.label_queue import label_queue
from tasks.fetch.progress import OutdatedDay, awaited, content, set_done
from tasks.fetch.steps import mark_done, outdated_days
from tasks.shared.gateways.phoenix import Example, Phoenix
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, LABEL_QUEUE
from tests.evaluate.rows import decision, decision_table
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

DAY = Window.of_day(dt.date(2026, 11, 18))
NOON = DAY.start + dt.timedelta(hours=12)
UNITS, PER_JUDGE = 12, 5
JUDGE = """
name: brief
version: "1"
description: Is the answer brief?
unit: span
inputs: {answer: output}
messages: [{content: "Is this brief? <answer>{{answer}}</answer>"}]
choices: {brief: 1, middling: 0.5, long: 0}
canaries: [{inputs: {answer: "Yes."}, expect: [brief]}]
"""


@pytest.fixture
async def spans(nightjar_env, servers, project, tmp_path, monkeypatch):
    """Twelve spans in Phoenix and in the lake, every third of which the judge failed."""
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "brief.yaml").write_text(JUDGE)
    for name, value in {
        "JUDGES__FOLDER": str(tmp_path / "judges"),
        "JUDGES__ENABLED": '["brief"]',
        "LABELS__PER_JUDGE": str(PER_JUDGE),
    }.items():
        monkeypatch.setenv(f"NIGHTJAR_{name}", value)
    minutes = [NOON + dt.timedelta(minutes=n) for n in range(UNITS)]
    spans = [TestSpan(at, attributes={"output.value": f"answer {n}"}) for n, at in enumerate(minutes)]
    ingest(servers.phoenix_url, project, spans)
    await ingestion(DAY)
    verdicts = [(0.0, "long") if n % 3 == 0 else (1.0, "brief") for n in range(UNITS)]
    rows = [
        decision(
            "span",
            span.span_id,
            "brief",
            trace_id=span.trace_id,
            start_time=span.start,
            kind="llm",
            score=score,
            label=said,
        )
        for span, (score, said) in zip(spans, verdicts, strict=True)
    ]
    Lake.open(load_settings().lake).write(DECISIONS, project, DAY, decision_table(*rows), file="brief@1")
    return {span.span_id: said for span, (_, said) in zip(spans, verdicts, strict=True)}


async def published(project, ids):
    """The dataset's examples and the notes on the units, as Phoenix has them."""
    async with Phoenix(load_settings().phoenix) as phoenix:
        examples = await phoenix.examples(f"{project}: labels for brief")
        notes = [row for row in await phoenix.annotations(project, "span", sorted(ids)) if row["name"] == "note"]
    return examples, notes


def label(servers, span_id, said, who):
    """As an expert would."""
    human = {"span_id": span_id, "name": "brief", "annotator_kind": "HUMAN", "identifier": who}
    body = {"data": [{**human, "result": {"label": said}}]}
    httpx.post(f"{servers.phoenix_url}/v1/span_annotations", params={"sync": "true"}, json=body).raise_for_status()


async def test_units_are_queued_once_topped_up_when_labelled_and_agreement_is_told(spans, servers, project):
    receipt = await label_queue(DAY)
    assert (receipt.table, receipt.rows) == ("label_queue", PER_JUDGE)
    assert receipt.counts["examples_added"] == receipt.counts["notes_written"] == PER_JUDGE
    examples, notes = await published(project, spans)
    assert len(examples) == len(notes) == PER_JUDGE
    first = examples[0]
    assert first.id == f"brief:span:{first.span_id}"
    assert first.input["question"] == "Is the answer brief?"
    assert first.input["answer"] == first.output["output"]
    assert first.metadata["stratum"] == ("pass" if spans[first.span_id] == "brief" else "fail")
    assert 0 < first.metadata["inclusion_probability"] <= 1
    assert {"correctness", "insight_quality", "complexity"} == set(first.metadata["rubric"])
    assert (
        'annotation called "brief" with one of these labels: brief; middling; long.'
        in notes[0]["result"]["explanation"]
    )

    again = await label_queue(DAY)
    assert (again.rows, again.counts["examples_added"], again.counts["notes_written"]) == (0, 0, 0)
    assert await published(project, spans) == (examples, notes)
    assert again.notes[0].startswith("brief: 0 of 5 queued units are labelled. They are at http")

    lake = Lake.open(load_settings().lake)
    set_done(lake, project, OutdatedDay(DAY.start.date(), content(lake, project, DAY.start.date())))
    labelled = [example.span_id for example in examples[:3]]
    for span_id in labelled:
        label(servers, span_id, spans[span_id].upper(), "ann")
    label(servers, next(span_id for span_id in spans if span_id not in {e.span_id for e in examples}), "long", "bob")
    third = await label_queue(DAY)
    assert (third.rows, third.counts["labelled"], third.counts["awaiting"]) == (3, 3, PER_JUDGE)
    assert "3 of 8 queued units are labelled; people agree with the judge on" in third.notes[0]
    assert "of 4 labelled units" in third.notes[0]
    more, _ = await published(project, spans)
    assert len({example.id for example in more}) == 8
    assert more[:PER_JUDGE] == examples
    assert awaited(lake, project, "relabelled") == [DAY.start.date()], "the next night computes its metrics again"
    (again,) = outdated_days.fn(project, DAY.start.date() + dt.timedelta(days=9), 48, relabelled=True)
    assert (again.day, again.judged) == (DAY.start.date(), False)
    mark_done.fn(project, again)
    assert awaited(lake, project, "relabelled") == []
    assert outdated_days.fn(project, DAY.start.date() + dt.timedelta(days=9), 48, relabelled=True) == []


async def test_labels_in_a_dataset_are_peoples_labels(spans, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_LABELS__DATASETS", '{"brief": "by experts, of PROJECT"}'.replace("PROJECT", project))
    one, other = list(spans)[:2]
    said = [
        Example("1", {}, {"label": spans[one], "annotator": "ann"}, {"unit_id": one}),
        Example("2", {}, {"label": spans[other]}, {}, span_id=other),
        Example("3", {}, {"output": "not labelled yet"}, {"unit_id": one}),
    ]
    async with Phoenix(load_settings().phoenix) as phoenix:
        await phoenix.add_examples(f"by experts, of {project}", said)
    receipt = await label_queue(DAY)
    assert "people agree with the judge on 2 of 2 labelled units" in receipt.notes[0]
    queued = Lake.open(load_settings().lake).read(LABEL_QUEUE, project)["unit_id"].to_pylist()
    assert not {one, other} & set(queued), "what is labelled already is not queued"


async def test_what_a_killed_run_drew_is_published_by_the_next_with_the_same_probability(spans, project, monkeypatch):
    async def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Phoenix, "add_examples", killed)
        with pytest.raises(KeyboardInterrupt):
            await label_queue(DAY)
    drawn = Lake.open(load_settings().lake).read(LABEL_QUEUE, project).to_pylist()
    receipt = await label_queue(DAY)
    assert (receipt.rows, receipt.counts["examples_added"]) == (0, PER_JUDGE)
    examples, _ = await published(project, spans)
    told = {example.metadata["unit_id"]: example.metadata["inclusion_probability"] for example in examples}
    assert told == {row["unit_id"]: row["inclusion_probability"] for row in drawn}
