"""Trajectories from a real Phoenix into the store, and guidelines from the simulated provider, by the command line."""

import asyncio
import datetime as dt
import json
import os
import signal
import subprocess
import sys

import httpx
import pytest

from deployments.simulator.delivery import send
from deployments.simulator.simulation import simulate
from deployments.simulator.traffic import Traffic
from flows.__main__ import main
from tests.providers import MODEL, books, simulated
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

NOON = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
QUESTIONS = ("How many devices are online?", "Devices per region?", "Which devices failed?", "A recipe for soup?")


def conversation(number: int, **more) -> list[TestSpan]:
    """A request of an agent, and the child span that repeats its messages."""
    question = QUESTIONS[number % len(QUESTIONS)]
    attributes = {
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": json.dumps([{"type": "text", "text": f"{question} ({number})"}]),
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "SELECT count(*) FROM devices",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.prompt_tokens": 12,
    }
    start = NOON + dt.timedelta(minutes=number)
    parent = TestSpan(start, "litellm_request", attributes, **more)
    child = TestSpan(start, "litellm_request", attributes, trace_id=parent.trace_id, parent_id=parent.span_id)
    return [parent, child, TestSpan(start, "other", {}, trace_id=parent.trace_id, parent_id=parent.span_id)]


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
def knowledge(nightjar_env, provider, tmp_path, monkeypatch):
    """The folder of the store, with settings that name it and the simulated provider."""
    for name, value in {
        "JUDGES__MODEL": MODEL,
        "JUDGES__PROVIDERS__SIMULATED__KIND": "openai",
        "JUDGES__PROVIDERS__SIMULATED__BASE_URL": f"{provider}/v1",
        "JUDGES__PROVIDERS__SIMULATED__API_KEY": "simulated",
        "SYNC__FOLDER": str(tmp_path / "knowledge"),
    }.items():
        monkeypatch.setenv(f"NIGHTJAR_{name}", value)
    return tmp_path / "knowledge"


@pytest.fixture
def agents(knowledge, servers, project):
    """Eight conversations in Phoenix, one of a failed span, one that cannot be read; the store's folder."""
    spans = [span for number in range(8) for span in conversation(number)]
    spans += conversation(8, status="ERROR")[:1]
    broken = conversation(9)[:1]
    broken[0].attributes["gen_ai.usage.prompt_tokens"] = "many"
    ingest(servers.phoenix_url, project, [*spans, *broken])
    return knowledge


def synced(capfd, *arguments: str) -> dict:
    """What `sync phoenix` prints as JSON."""
    assert main(["sync", "phoenix", "--json", *arguments]) == 0
    return json.loads(capfd.readouterr().out.strip().splitlines()[-1])


def test_trajectories_are_brought_once_and_learned_from_once(agents, capfd, provider, project):
    dry = synced(capfd, "--dry-run")
    assert (dry["processed"], dry["tips_generated"]) == (8, 0)
    assert not agents.exists()
    first = synced(capfd, "-n", "team", "-p", project)
    assert first["processed"] == 8
    assert first["tips_generated"] >= 24
    assert len(first["errors"]) == 1
    assert "prompt_tokens is 'many'" in first["errors"][0]
    # Eight copies by children, eight spans of another name, a failed one.
    assert first["skipped"] == 17
    answered = books(provider)["answered"]
    second = synced(capfd, "-n", "team", "-p", project)
    assert (second["processed"], second["tips_generated"]) == (0, 0)
    assert second["errors"] == first["errors"]
    assert len((agents / "team" / "passed-over.txt").read_text().split()) == 8
    assert books(provider)["answered"] == answered
    assert synced(capfd, "-n", "team", "--include-errors")["processed"] == 1
    lines = [json.loads(line) for line in (agents / "team" / "trajectories.jsonl").read_text().splitlines()]
    line = min(lines, key=lambda each: each["timestamp"])
    assert line["messages"][0]["content"] == "How many devices are online? (0)"
    assert (line["model"], line["usage"], line["message_count"]) == ("gpt-4o", {"prompt_tokens": 12}, 2)


def test_of_the_demos_gateway_the_second_sync_processes_nothing(knowledge, servers, project, capfd):
    traffic = simulate(Traffic(project=project, days=1, until=NOON.date(), spans=60, chat_share=0.0, legacy_share=1.0))
    asyncio.run(send(traffic, servers.phoenix_url))
    calls = sum(span.name == "litellm_request" for span in traffic.spans)
    first, second = synced(capfd, "--limit", "100000"), synced(capfd, "--limit", "100000")
    assert (first["processed"], second["processed"], second["tips_generated"]) == (calls, 0, 0)
    assert calls > 5


def test_limit_counts_the_newest_spans_and_since_leaves_out_older_ones(agents, capfd):
    assert synced(capfd, "--dry-run", "--limit", "5")["processed"] == 1
    assert synced(capfd, "--dry-run", "--since", "2026-11-19T12:04:00")["processed"] == 4


def test_guidelines_are_listed_searched_shown_and_exported(agents, capfd, tmp_path):
    synced(capfd)
    assert main(["guidelines", "list", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)
    assert len(listed[0]["evidence"]) == 8
    assert main(["guidelines", "search", "count rows in SQL", "--most", "2", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert "Let the database count" in found[0]["content"]
    assert main(["guidelines", "show", found[0]["guideline_id"][:10]]) == 0
    shown = capfd.readouterr().out
    assert "/redirects/spans/" in shown
    assert " add by span " in shown
    assert main(["guidelines", "export", "--to", str(tmp_path / "playbook.md")]) == 0
    assert (tmp_path / "playbook.md").read_text().startswith("# Playbook: default\n\n## What works\n")
    assert main(["guidelines", "show", "nothing"]) == 1
    assert "is that of no guideline" in capfd.readouterr().err
    assert main(["guidelines", "list"]) == 0
    capfd.readouterr()
    before = sorted(agents.rglob("*"))
    for command in (["list"], ["search", "soup"], ["export"]):
        assert main(["guidelines", *command, "-n", "nobody"]) == 0
    assert capfd.readouterr().out.count("There are no guidelines yet") == 2
    assert main(["guidelines", "show", "3f2a", "-n", "nobody"]) == 1
    assert synced(capfd, "--dry-run", "-n", "nobody")["processed"] == 8
    assert sorted(agents.rglob("*")) == before


def test_without_money_the_run_is_inconclusive_and_the_next_one_goes_on(agents, capfd, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_BUDGET__PER_RUN_USD", "0")
    assert main(["sync", "phoenix"]) == 2
    assert "learning stopped" in capfd.readouterr().err
    monkeypatch.delenv("NIGHTJAR_BUDGET__PER_RUN_USD")
    result = synced(capfd)
    assert result["processed"] == 0
    assert result["tips_generated"] >= 24


POINTS = [
    ("tasks.shared.gateways.knowledge.files:Journal.append", 1, "message_count"),
    ("tasks.shared.store.ledger:Ledger.settle", 3, ""),
    ("tasks.shared.gateways.knowledge.files:Journal.append", 4, "changes"),
    ("tasks.shared.gateways.knowledge.files:os.fsync", 2, ""),
]


def test_killed_anywhere_and_run_again_the_store_is_as_after_an_undisturbed_run(agents, servers, project, monkeypatch):
    assert killed_and_synced([]) == [0]
    undisturbed = {path.name: path.read_bytes() for path in (agents / "default").glob("*.jsonl")}
    assert set(undisturbed) == {"trajectories.jsonl", "lessons.jsonl"}
    monkeypatch.setenv("NIGHTJAR_SYNC__FOLDER", str(agents.parent / "killed"))
    monkeypatch.setenv("NIGHTJAR_LAKE__ROOT", str(agents.parent / "lake-of-the-killed"))
    statuses = killed_and_synced(POINTS)
    assert statuses == [signal.SIGKILL] * len(POINTS) + [0]
    stored = {path.name: path.read_bytes() for path in (agents.parent / "killed" / "default").glob("*.jsonl")}
    assert stored == undisturbed


def killed_and_synced(points) -> list[int]:
    """Wait statuses of the syncs that die at *points*, and of the last one, which is let live."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.killed_runs", json.dumps(points), "sync", "phoenix"],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_a_category_that_is_none_is_refused(nightjar_env, capfd):
    assert main(["guidelines", "list", "--category", "advice"]) == 1
    assert "advice" in capfd.readouterr().err


def test_a_project_that_phoenix_does_not_have_ends_with_one_line(agents, capfd):
    assert main(["sync", "phoenix", "-p", "nowhere"]) == 1
    assert "nowhere" in capfd.readouterr().err


def test_the_address_can_be_given_on_the_command_line(agents, servers, capfd, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_PHOENIX__URL", "http://127.0.0.1:9")
    assert synced(capfd, "-u", servers.phoenix_url, "--dry-run")["processed"] == 8
    assert httpx.get(servers.phoenix_url).is_success
