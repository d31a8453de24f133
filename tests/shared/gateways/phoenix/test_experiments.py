"""Experiments in a real Phoenix: made once, runs and evaluations posted once, traces with the ids they really have."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from tasks.shared.gateways.phoenix import Evaluation, Example, NewExperiment, Phoenix, Run, SentSpan

pytestmark = pytest.mark.servers
NOW = dt.datetime.now(dt.UTC).replace(microsecond=123_000)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
async def phoenix(settings):
    async with Phoenix(settings(in_flight=4)) as phoenix:
        yield phoenix


@pytest.fixture
async def experiment(phoenix, project):
    """An experiment on a dataset of three examples, and their ids in Phoenix."""
    await phoenix.add_examples(project, [Example(f"e{n}", {"input": f"q{n}"}, {}, {}) for n in range(3)])
    dataset = await phoenix.dataset(project)
    version = await phoenix.latest_dataset_version(dataset.id)
    wanted = NewExperiment(project, dataset.id, version, "baseline", "a try", {"target": "x"}, repetitions=2)
    made = await phoenix.experiments.ensure(wanted)
    assert await phoenix.experiments.ensure(wanted) == made, "it is found again"
    assert (await phoenix.experiments.ensure(replace(wanted, nightjar="other"))).id != made.id
    return made, [example.node_id for example in await phoenix.examples(project)]


def run(node_id, repetition=1, **changes):
    usual = {"trace_id": uuid.uuid4().hex, "start_time": NOW, "end_time": NOW + SECOND, "output": {"output": "here"}}
    return Run(node_id, repetition, **(usual | changes))


async def test_runs_are_posted_once_and_failed_ones_give_way(phoenix, experiment):
    made, nodes = experiment
    first = [run(nodes[0]), run(nodes[0], 2), run(nodes[1], output=None, error="it was away")]
    posted = await phoenix.experiments.post_runs(made.id, first)
    again = await phoenix.experiments.post_runs(made.id, first)
    assert (posted.written, posted.already_there) == (3, 0)
    assert (again.written, again.already_there) == (0, 3)
    better = run(nodes[1])
    changed = await phoenix.experiments.post_runs(made.id, [better, run(nodes[0])])
    assert (changed.written, changed.kept) == (1, 1), "another answer to an answered example is not taken"
    stored = await phoenix.experiments.runs(made.id)
    assert {place: found.trace_id for place, found in stored.items()} == {
        (nodes[0], 1): first[0].trace_id,
        (nodes[0], 2): first[1].trace_id,
        (nodes[1], 1): better.trace_id,
    }
    assert stored[nodes[1], 1].error is None


async def test_evaluations_are_posted_once_and_changed_ones_again(phoenix, experiment):
    made, nodes = experiment
    runs = [run(nodes[0]), run(nodes[1])]
    await phoenix.experiments.post_runs(made.id, runs)
    good = [Evaluation(r.place, r.trace_id, "valid", "CODE", NOW, 1.0, "valid", "It parses.") for r in runs]
    judged = Evaluation(runs[0].place, runs[0].trace_id, "faithful", "LLM", NOW, None, "yes")
    nobody = replace(judged, place=(nodes[2], 1))
    posted = await phoenix.experiments.post_evaluations(made.id, [*good, judged, nobody])
    again = await phoenix.experiments.post_evaluations(made.id, [*good[:1], judged, replace(good[1], score=0.0)])
    anothers = await phoenix.experiments.post_evaluations(made.id, [replace(judged, trace_id="0" * 32, label="no")])
    assert (posted.written, posted.kept) == (3, 1)
    assert (again.written, again.already_there) == (1, 2)
    assert (anothers.written, anothers.kept) == (0, 1)
    stored = await phoenix.experiments.evaluations(made.id)
    assert {key: (e["annotator_kind"], e["score"], e["label"]) for key, e in stored.items()} == {
        ((nodes[0], 1), "valid"): ("CODE", 1.0, "valid"),
        ((nodes[1], 1), "valid"): ("CODE", 0.0, "valid"),
        ((nodes[0], 1), "faithful"): ("LLM", None, "yes"),
    }


async def test_a_trace_has_its_own_ids_and_times_and_is_stored_when_the_call_ends(phoenix, experiment):
    made, _ = experiment
    spans = [
        SentSpan(
            trace_id=uuid.uuid4().hex,
            span_id=uuid.uuid4().hex[:16],
            name="answer",
            start_time=NOW,
            end_time=NOW + SECOND,
            attributes={"openinference.span.kind": "LLM", "llm.token_count.prompt": 7, "output.value": "here"},
            error=error,
        )
        for error in (None, "it was away")
    ]
    sent = await phoenix.ensure_traces(made.project, spans)
    again = await phoenix.ensure_traces(made.project, spans)
    assert (sent.written, sent.missing) == (2, 0)
    assert (again.written, again.already_there) == (0, 2)
    rows = (await phoenix._connection.get(f"/v1/projects/{made.project}/spans", {"limit": 10}))["data"]
    found = {row["context"]["span_id"]: row for row in rows}
    assert {(row["context"]["trace_id"], span_id) for span_id, row in found.items()} == {
        (span.trace_id, span.span_id) for span in spans
    }
    good, bad = (found[span.span_id] for span in spans)
    assert (dt.datetime.fromisoformat(good["start_time"]), good["span_kind"]) == (NOW, "LLM")
    assert good["attributes"]["llm.token_count.prompt"] == 7
    assert (good["status_code"], bad["status_code"], bad["status_message"]) == ("OK", "ERROR", "it was away")


async def test_the_page_of_a_comparison_names_both(phoenix, experiment):
    made, _ = experiment
    url = phoenix.experiments.url(made.dataset_id, [made.id, "RXhwOjI="])
    assert url.endswith(f"&experimentId={'RXhwOjI%3D'}")
    assert "/datasets/" in url
