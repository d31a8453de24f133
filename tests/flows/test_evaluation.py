"""The evaluation flow on the real Phoenix, fed by the ingestion flow."""

import asyncio
import datetime as dt
import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from flows.evaluation import evaluation
from flows.ingestion import ingestion
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, SPANS
from tests.evaluate.rows import span_row, span_table
from tests.traffic import TestSpan, ingest, new_trace_id

pytestmark = pytest.mark.servers

DAY = Window.of_day(dt.date(2026, 11, 18))
NOON = DAY.start + dt.timedelta(hours=12)
VOLATILE = [column.name for column in DECISIONS.columns if column.volatile]


def conversation(start, answer="Twelve devices.", sql="SELECT 1"):
    """A root, an LLM call with a tool call, the tool, and an LLM that answers."""
    trace = new_trace_id()
    root = TestSpan(start, "chat", {"openinference.span.kind": "AGENT", "output.value": answer}, trace)
    schema = {"name": "run_sql", "parameters": {"type": "object", "required": ["query"]}}
    message = "llm.output_messages.0.message"
    plan = TestSpan(
        start + dt.timedelta(milliseconds=1),
        "plan",
        {
            "openinference.span.kind": "LLM",
            "llm.tools.0.tool.json_schema": json.dumps({"type": "function", "function": schema}),
            f"{message}.role": "assistant",
            f"{message}.tool_calls.0.tool_call.function.name": "run_sql",
            f"{message}.tool_calls.0.tool_call.function.arguments": json.dumps({"query": sql} if sql else {}),
        },
        trace,
        parent_id=root.span_id,
    )
    tool = TestSpan(
        start + dt.timedelta(milliseconds=2),
        "run_sql",
        {"openinference.span.kind": "TOOL", "output.value": "[12]", "output.mime_type": "application/json"},
        trace,
        parent_id=root.span_id,
    )
    say = TestSpan(
        start + dt.timedelta(milliseconds=3),
        "answer",
        {"openinference.span.kind": "LLM", "output.value": answer},
        trace,
        parent_id=root.span_id,
    )
    return [root, plan, tool, say]


def decisions():
    """Every decision in the lake without what differs between two runs, and the files' times."""
    settings = load_settings()
    lake = Lake.open(settings.lake)
    rows = lake.read(DECISIONS, settings.project).drop_columns(VOLATILE).to_pylist()
    times = {file: lake.filesystem.get_file_info(file).mtime for file in lake.files(DECISIONS, settings.project)}
    return rows, times


async def annotations(unit, ids):
    """What Phoenix holds on the units, by unit and identifier."""
    settings = load_settings()
    async with Phoenix(settings.phoenix) as phoenix:
        rows = await phoenix.annotations(settings.project, unit, sorted(ids))
    return {(row[f"{unit}_id"], row["name"], row["identifier"]): row for row in rows}


async def test_spans_in_phoenix_get_annotations_and_a_second_run_changes_nothing(nightjar_env, servers, project):
    good = conversation(NOON)
    bad = conversation(NOON + HOUR, "Error: table not found", sql=None)
    refused = conversation(NOON + 2 * HOUR, "I'm sorry, but I can't help with that.")
    ingest(servers.phoenix_url, project, [*good, *bad, *refused])
    await ingestion(DAY)
    human = {
        "span_id": good[3].span_id,
        "name": "refusal",
        "annotator_kind": "HUMAN",
        "result": {"score": 1.0, "label": "mine"},
    }
    async with httpx.AsyncClient(base_url=servers.phoenix_url) as client:
        answer = await client.post("/v1/span_annotations", params={"sync": "true"}, json={"data": [human]})
    answer.raise_for_status()

    receipt = await evaluation(DAY)

    expected = {"cost_budget": 0, "has_output": 9, "json_valid": 3, "latency_budget": 3, "no_error": 3}
    expected |= {"refusal": 6, "tool_call_valid": 3}
    assert receipt.rows == sum(expected.values())
    assert {name: receipt.counts.get(f"{name}.scored", 0) for name in expected} == expected | {"refusal": 3}
    assert receipt.counts["refusal.not_applicable"] == 3
    assert receipt.counts["published"] == receipt.counts["scored"] == 24
    scores = {(row["evaluator"], row["unit_id"]): row["score"] for row in decisions()[0]}
    assert scores["no_error", good[0].trace_id] == 1.0
    assert scores["no_error", bad[0].trace_id] == 0.0
    assert scores["refusal", refused[3].span_id] == 1.0
    assert scores["refusal", good[3].span_id] == 0.0
    assert scores["tool_call_valid", good[1].span_id] == 1.0
    assert scores["tool_call_valid", bad[1].span_id] == 0.0

    on_spans = await annotations("span", {s.span_id for s in [*good, *bad, *refused]})
    on_traces = await annotations("trace", {s[0].trace_id for s in (good, bad, refused)})
    written = on_traces[bad[0].trace_id, "no_error", "nightjar:no_error@1"]
    assert written["annotator_kind"] == "CODE"
    assert (written["result"]["score"], written["result"]["label"]) == (0.0, "error")
    assert written["result"]["explanation"].startswith("2 of 4 steps failed")
    assert written["metadata"] == {"direction": "maximize", "version": "1"}
    assert on_spans[good[3].span_id, "refusal", "nightjar:refusal@1"]["metadata"]["direction"] == "minimize"
    assert on_spans[good[3].span_id, "refusal", ""]["result"]["label"] == "mine"
    assert len(on_spans) + len(on_traces) == 24 + 1

    before = decisions()
    again = await evaluation(DAY)
    assert decisions() == before
    assert again.counts.get("scored", 0) == again.counts.get("published", 0) == 0
    assert again.counts["already_published"] == 24
    assert await annotations("span", {s.span_id for s in [*good, *bad, *refused]}) == on_spans
    assert await annotations("trace", {s[0].trace_id for s in (good, bad, refused)}) == on_traces


async def test_a_late_span_changes_the_decision_and_the_annotation_of_its_trace(nightjar_env, servers, project):
    trace = conversation(NOON)
    ingest(servers.phoenix_url, project, trace)
    await ingestion(DAY)
    await evaluation(DAY, ["no_error", "refusal"])
    late = TestSpan(NOON + HOUR, "late", {}, trace[0].trace_id, parent_id=trace[0].span_id, status="ERROR")
    ingest(servers.phoenix_url, project, [late])
    await ingestion(DAY)
    receipt = await evaluation(DAY, ["no_error", "refusal"])
    assert receipt.counts["no_error.scored"] == receipt.counts["published"] == 1
    assert "refusal.scored" not in receipt.counts
    found = await annotations("trace", {trace[0].trace_id})
    assert [row["result"]["score"] for row in found.values()] == [0.0]


async def test_a_span_that_phoenix_no_longer_has_is_counted_and_the_others_are_published(
    nightjar_env, servers, project
):
    kept, gone = conversation(NOON), conversation(NOON + HOUR)
    ingest(servers.phoenix_url, project, kept)
    lake = Lake.open(load_settings().lake)
    rows = [span_row(s.span_id, trace_id=s.trace_id, start_time=s.start, output="hi") for s in (kept[0], *gone)]
    lake.write(SPANS, project, DAY, span_table(*rows))
    receipt = await evaluation(DAY, ["has_output"])
    assert receipt.counts["scored"] == 5
    assert receipt.counts["published"] == 1
    assert receipt.counts["unknown_to_phoenix"] == 4
    assert "Phoenix does not have 4 of the spans" in receipt.notes[0]


async def test_an_unknown_evaluator_is_refused_before_anything_is_done(nightjar_env):
    with pytest.raises(ConfigurationError, match=r"'no_eror' does not exist\. Choose from cost_budget, has_output"):
        await evaluation(DAY, ["no_error", "no_eror"])
    assert not (nightjar_env / "decisions").exists()


async def test_the_settings_say_which_evaluators_run(nightjar_env, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_EVALUATORS__ENABLED", '["has_output", "of_the_settings"]')
    with pytest.raises(ConfigurationError, match="'of_the_settings' does not exist"):
        await evaluation(DAY)


async def test_parameters_come_as_json_from_a_deployment(nightjar_env):
    """A deployment's parameters are JSON; a lake without spans gives a receipt of nothing."""
    raw = {"window": {"start": "2026-11-18T05:00:00Z", "end": "2026-11-18T06:00:00Z"}, "evaluators": ["no_error"]}
    parameters = evaluation.validate_parameters(raw)
    assert parameters["window"] == Window(DAY.start + 5 * HOUR, DAY.start + 6 * HOUR)
    receipt = await evaluation(**raw)
    assert (receipt.rows, dict(receipt.counts)) == (0, {})


KILLED = """
import asyncio, datetime as dt, time
from flows.evaluation import evaluation
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import Window
from tasks.shared.store.stage import Stage

calls = 0

def wait_at_the_second_call():
    global calls
    calls += 1
    if calls == 2:
        print("here", flush=True)
        time.sleep(120)

{hook}
asyncio.run(evaluation(Window.of_day(dt.date(2026, 11, 18)), ["has_output", "no_error"]))
"""
BETWEEN_TWO_PARTITIONS = """
publish = Stage._publish_partition
def hooked(stage, folder, staged):
    if "/decisions/" in folder:
        wait_at_the_second_call()
    return publish(stage, folder, staged)
Stage._publish_partition = hooked
"""
BETWEEN_TWO_EVALUATORS_ANNOTATIONS = """
annotate = Phoenix.annotate
async def hooked(*arguments):
    wait_at_the_second_call()
    return await annotate(*arguments)
Phoenix.annotate = hooked
"""


async def test_killed_twice_on_the_way_and_run_again_it_is_as_if_undisturbed(nightjar_env, servers, project):
    spans = [*conversation(NOON), *conversation(NOON + HOUR, "Error: no table")]
    ingest(servers.phoenix_url, project, spans)
    await ingestion(DAY)
    span_ids, trace_ids = {span.span_id for span in spans}, {span.trace_id for span in spans}

    await asyncio.to_thread(run_until_killed, KILLED.replace("{hook}", BETWEEN_TWO_PARTITIONS))
    assert [row["evaluator"] for row in decisions()[0]] == ["has_output"] * 6
    await asyncio.to_thread(run_until_killed, KILLED.replace("{hook}", BETWEEN_TWO_EVALUATORS_ANNOTATIONS))
    assert len(await annotations("span", span_ids)) == 6
    assert await annotations("trace", trace_ids) == {}
    await evaluation(DAY, ["has_output", "no_error"])

    found = [(row["evaluator"], row["unit_id"], row["score"]) for row in decisions()[0]]
    assert sorted(found) == sorted(
        [("has_output", span.span_id, 1.0) for span in spans if span.name != "run_sql"]
        + [("no_error", spans[0].trace_id, 1.0), ("no_error", spans[4].trace_id, 0.0)]
    )
    assert len(await annotations("span", span_ids)) == 6
    assert len(await annotations("trace", trace_ids)) == 2


def run_until_killed(script):
    """Run *script* until it says that it is there, and kill it."""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "here\n"
        finally:
            process.send_signal(signal.SIGKILL)
