"""Datasets and notes on the real Phoenix: added once, nothing else touched."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.phoenix import Example, NoteReceipt, Phoenix, digest_of
from tasks.shared.settings import PhoenixSettings
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers
NOON = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)


@pytest.fixture
def dataset():
    """A dataset name of this test's own, with what a path would not take."""
    return f"labels/{uuid.uuid4().hex[:8]} ä?"


@pytest.fixture
async def phoenix(servers):
    async with Phoenix(PhoenixSettings(url=servers.phoenix_url)) as phoenix:
        yield phoenix


def example(name, span_id=None):
    return Example(name, {"question": name}, {"output": f"answer to {name}"}, {"judge": "toxicity"}, span_id)


async def test_examples_keep_their_ids_and_spans_and_a_second_time_adds_nothing(servers, project, phoenix, dataset):
    span = TestSpan(NOON)
    ingest(servers.phoenix_url, project, [span])
    assert await phoenix.examples(dataset) == []
    assert await phoenix.dataset_url(dataset) is None
    both = [example("a", span.span_id), example("b")]
    assert await phoenix.add_examples(dataset, both, "to be labelled") == 2
    assert await phoenix.add_examples(dataset, both, "to be labelled") == 0
    assert await phoenix.add_examples(dataset, [example("c")]) == 1
    assert await phoenix.examples(dataset) == [*both, example("c")]
    assert (await phoenix.dataset_url(dataset) or "").startswith(f"{servers.phoenix_url}/datasets/")


async def test_a_span_that_phoenix_lacks_leaves_its_example_without_a_link(phoenix, dataset):
    assert await phoenix.add_examples(dataset, [example("a", "0123456789abcdef")]) == 1
    assert await phoenix.examples(dataset) == [example("a")]


async def test_an_earlier_version_reads_back_as_it_was_with_node_ids_and_splits(phoenix, dataset):
    first = [replace(example("a"), splits=("train",)), replace(example("b"), splits=("dev", "hard"))]
    assert await phoenix.add_examples(dataset, first) == 2
    found = await phoenix.dataset(dataset)
    version = await phoenix.latest_dataset_version(found.id)
    added = [replace(example("c"), splits=("holdout",)), example("d")]
    assert await phoenix.add_examples(dataset, added) == 2
    newer = await phoenix.latest_dataset_version(found.id)
    assert newer != version
    assert await phoenix.add_examples(dataset, [*first, *added]) == 0
    assert await phoenix.latest_dataset_version(found.id) == newer
    assert await phoenix.examples(dataset, version) == first
    now = await phoenix.examples(dataset)
    assert now == [*first, *added]
    assert len({each.node_id for each in now}) == 4
    assert (await phoenix.dataset(dataset)).examples == 4


async def test_splits_of_more_examples_than_a_page_holds_are_all_read(phoenix, dataset, monkeypatch):
    monkeypatch.setattr("tasks.shared.gateways.phoenix.datasets.EXAMPLES_PER_PAGE", 2)
    sent = [replace(example(str(n)), splits=("train",)) for n in range(5)]
    assert await phoenix.add_examples(dataset, sent) == 5
    assert await phoenix.examples(dataset) == sent


async def test_a_datasets_metadata_is_what_was_said_last(phoenix, dataset):
    assert await phoenix.add_examples(dataset, [example("a")], "for people") == 1
    found = await phoenix.dataset(dataset)
    assert (found.description, found.metadata) == ("for people", {})
    await phoenix.describe_dataset(found.id, {"nightjar": {"versions": 1}, "mine": 2})
    assert (await phoenix.dataset(dataset)).metadata == {"nightjar": {"versions": 1}, "mine": 2}
    with pytest.raises(ServiceRefused, match="GraphQL"):
        await phoenix.describe_dataset("RGF0YXNldDo5OTk5OTk5", {})


def test_the_digest_depends_on_ids_inputs_and_outputs_only():
    a, b = example("a"), example("b")
    same = digest_of([a, b])
    assert len(same) == 16
    assert digest_of([b, replace(a, metadata={}, splits=("x",), span_id="s")]) == same
    changed = (replace(a, id="c"), replace(a, input={}), replace(a, output={}))
    assert len({same, *(digest_of([each, b]) for each in changed)}) == 4


async def test_no_examples_make_no_dataset(phoenix, dataset):
    assert await phoenix.add_examples(dataset, []) == 0
    assert await phoenix.dataset_url(dataset) is None


@pytest.mark.parametrize("unit", ["span", "trace", "session"])
async def test_a_note_is_written_once_and_rewritten_when_it_changes(servers, project, phoenix, unit):
    span = TestSpan(NOON, attributes={"session.id": f"chat-{uuid.uuid4().hex}"})
    ingest(servers.phoenix_url, project, [span])
    ids = {"span": span.span_id, "trace": span.trace_id, "session": span.attributes["session.id"]}
    unit_id = ids[unit]
    texts = {unit_id: "Please label this.\n", "0123456789abcdef": "Nobody is here."}
    first = await phoenix.note(project, unit, texts, "nightjar:label-queue:a")
    assert first == NoteReceipt(written=1, unknown=("0123456789abcdef",))
    assert await phoenix.note(project, unit, {unit_id: texts[unit_id]}, "nightjar:label-queue:a") == NoteReceipt(
        already_there=1
    )
    assert (await phoenix.note(project, unit, {unit_id: "Changed."}, "nightjar:label-queue:a")).written == 1
    assert (await phoenix.note(project, unit, {unit_id: "Another judge's."}, "nightjar:label-queue:b")).written == 1
    rows = await phoenix.annotations(project, unit, [unit_id])
    assert {(row["name"], row["result"]["explanation"]) for row in rows} == {
        ("note", "Changed."),
        ("note", "Another judge's."),
    }


async def test_no_notes_ask_nothing(phoenix):
    assert await phoenix.note("no such project", "span", {}, "nightjar:x") == NoteReceipt()
