"""Where an agent fails, end to end: traffic, the simulated judge and analyst, Phoenix, MLflow, the report."""

import datetime as dt
import json
from collections import Counter
from pathlib import Path

import httpx
import pytest

from flows.failure_analysis import failure_analysis
from flows.ingestion import ingestion
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.failures_world import agent_traffic, put_traffic, settings_of, write_settings
from tests.flows.killed_runs import Point, killed_and_run
from tests.providers import books, simulated
from tests.traffic import TestEvent, TestSpan, ingest

pytestmark = pytest.mark.servers
ROWS = "SELECT * EXCLUDE decided_at FROM failures ORDER BY trace_id"
NOON = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
NAME = "Failure State with Explanation"
POINTS: dict[str, Point] = {
    "told, not stored": ("tasks.shared.store.stage:Stage._publish_partition", 1, "/failures/"),
    "the run half logged": ("mlflow.tracking.client:MlflowClient.log_batch", 1, ""),
}


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
async def world(nightjar_env, servers, project, provider, tmp_path):
    write_settings(tmp_path, settings_of(provider))
    traffic = agent_traffic(project)
    return traffic.truth, await put_traffic(traffic, servers.phoenix_url)


def rows():
    settings = load_settings()
    return Lake.open(settings.lake).sql(ROWS, settings.project).to_pylist()


async def told(span_ids):
    settings = load_settings()
    async with Phoenix(settings.phoenix) as phoenix:
        found = await phoenix.annotations(settings.project, "span", span_ids)
    return {each["span_id"]: each["result"]["label"] for each in found if each["name"] == NAME}


async def test_killed_and_run_again_nothing_is_lost_and_nothing_twice(world, provider):
    truth, window = world
    states, spans = truth_of(truth)
    before = books(provider)["answered"]
    asked_for = f"{window.start:%Y-%m-%dT%H:%MZ}/{window.end:%Y-%m-%dT%H:%MZ}"
    assert killed_and_run(POINTS, ["failure-analysis", "--yes", "--window", asked_for]) == 0
    found = rows()
    assert {row["trace_id"]: row["state"] for row in found if row["state"] != "none"} == states
    assert await told(list(spans.values())) == {span: states[trace] for trace, span in spans.items()}
    assert [run["failures"] for run in mlflow_runs()] == [len(states)]
    asked = books(provider)["answered"]
    assert asked > before
    await failure_analysis(window=window, yes=True)
    assert (rows(), books(provider)["answered"], len(mlflow_runs())) == (found, asked, 1)


async def test_a_labelled_file_is_analysed_in_the_place_of_phoenix(nightjar_env, provider, tmp_path):
    write_settings(tmp_path, settings_of(provider))
    lines = [
        {
            "id": str(number),
            "conversation": [
                {"role": "user", "content": "Find me a soup."},
                {"role": "assistant", "state": "ParseRequest", "content": "soup"},
                {"role": "assistant", "state": "PlanToolCalls", "content": "Error: not understood"},
                {"role": "assistant", "content": "Something went wrong. Please try again."},
            ],
            "last_success_state": "ParseRequest",
            "first_failure_state": "PlanToolCalls",
        }
        for number in range(4)
    ]
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    receipts = await failure_analysis(labelled=file, taxonomies=["default"], yes=True)
    _, text = read(Path(receipts[-1].notes[0]))
    assert "| ParseRequest | 4 | 4 |" in text
    assert "right state for 100% of 4 runs" in text


def truth_of(truth):
    days = truth.days.values()
    states = {trace: state for day in days for trace, state in day.failed_traces.items()}
    return states, {trace: span for day in days for trace, span in day.failed_spans.items()}


async def test_failures_are_found_told_and_reported_and_a_second_run_adds_nothing(world, provider):
    truth, window = world
    states, spans = truth_of(truth)
    receipts = await failure_analysis(window=window, yes=True)
    found = rows()
    assert Counter(row["state"] for row in found if row["state"] != "none") == Counter(states.values())
    assert {row["trace_id"]: row["span_id"] for row in found if row["span_id"]} == spans
    assert all(row["detected_state"] == states.get(row["trace_id"], "none") for row in found)
    roots = {row["root_span_id"]: row["state"] for row in found if row["state"] != "none"}
    assert await told(list(roots)) == roots
    assert await told(list(spans.values())) == {span: states[trace] for trace, span in spans.items()}
    report = Path(receipts[-1].notes[0])
    page, text = pages = read(report)
    assert f"{len(states)} of {len(found)}" in page
    assert "Simulated:" in text
    cited = cited_in(report)
    assert cited
    assert cited <= set(states)
    asked, logged = books(provider)["answered"], mlflow_runs()
    again = await failure_analysis(window=window, yes=True)
    assert (rows(), books(provider)["answered"]) == (found, asked)
    assert again[1].counts.get("published", 0) == 0
    assert again[1].counts["changed"] == 0
    assert read(report) == pages
    assert len(mlflow_runs()) == len(logged) == 1
    assert logged[0]["failures"] == len(states)


async def test_an_exception_of_a_models_step_with_status_ok_is_the_first_failure(
    nightjar_env, servers, project, tmp_path, monkeypatch
):
    write_settings(tmp_path, '[failures]\nroots = ["agent"]\nstates = ["Parse", "Plan", "Fetch"]\n')
    runs = [agent_run(throws=number == 1) for number in range(3)]
    ingest(servers.phoenix_url, project, [span for spans in runs for span in spans])
    window = Window(NOON, NOON + HOUR)
    await ingestion(window)
    found, counts = await failed_runs(window)
    (row,) = found
    step = runs[1][2]
    assert (row["state"], row["last_success"], row["sign"]) == ("Plan", "Parse", "exception")
    assert (row["span_id"], row["step_kind"], row["step_status"]) == (step.span_id, "llm", "OK")
    assert "TimeoutError: no answer within 5 s" in row["explanation"]
    assert counts["quiet_exceptions"] == 1
    assert await told([step.span_id]) == {step.span_id: "Plan"}
    monkeypatch.setenv("NIGHTJAR_FAILURES__EXCEPTION_EVENTS", "false")
    (row,), counts = await failed_runs(window)
    assert (row["sign"], "quiet_exceptions" in counts) == ("stopped", False)


def agent_run(*, throws: bool) -> list[TestSpan]:
    """A run of three states; one that throws in the second stops there, and nothing but an event says so."""
    root = TestSpan(NOON, "agent", {"openinference.span.kind": "AGENT", "output.value": "" if throws else "Here."})
    below = {"trace_id": root.trace_id, "parent_id": root.span_id}
    said = {"exception.type": "TimeoutError", "exception.message": "no answer within 5 s"}
    llm = {"openinference.span.kind": "LLM", "output.value": "" if throws else "find"}
    events = (TestEvent("exception", NOON, said),) if throws else ()
    steps = [
        TestSpan(NOON + dt.timedelta(seconds=1), "Parse", {"output.value": "soup"}, **below),
        TestSpan(NOON + dt.timedelta(seconds=2), "Plan", llm, events=events, **below),
        TestSpan(NOON + dt.timedelta(seconds=3), "Fetch", {"output.value": "three"}, **below),
    ]
    return [root, *(steps[:2] if throws else steps)]


async def failed_runs(window):
    """The failing runs by code, and the counts of their receipt."""
    receipts = await failure_analysis(window=window, code_only=True)
    return [row for row in rows() if row["state"] != "none"], receipts[0].counts


def cited_in(report):
    analyses = json.loads(report.with_name("analyses.json").read_text())
    return {trace for each in analyses["states"] for claim in each["claims"]["fixes"] for trace in claim["trace_ids"]}


def read(report):
    return report.read_text(), report.with_suffix(".md").read_text()


def mlflow_runs():
    settings = load_settings()
    mlflow = Mlflow.open(settings, settings.project)
    experiment = mlflow.experiment_url.split("/experiments/")[1].split("/")[0]
    body = {"experiment_ids": [experiment], "filter": "tags.`nightjar.kind` = 'failures'"}
    answer = httpx.post(f"{settings.mlflow.tracking_uri}/api/2.0/mlflow/runs/search", json=body).json()
    return [{m["key"]: m["value"] for m in run["data"]["metrics"]} for run in answer.get("runs", [])]
