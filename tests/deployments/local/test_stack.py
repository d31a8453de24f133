"""Up, down and again: with small web servers in the place of the big ones, as real processes."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deployments.local.parts import PREFERRED_PORTS, Part, parts
from deployments.local.postgres import Postgres
from deployments.local.processes import free_port, running
from deployments.local.stack import Stack, down, is_running, up
from deployments.local.state import State
from tasks.shared.errors import ServiceUnavailable


def web_server(port: int) -> Part:
    command = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))
    return Part(command, os.environ, f"http://127.0.0.1:{port}/", Path.cwd())


def script(code: str) -> Part:
    return Part((sys.executable, "-c", code), os.environ, f"http://127.0.0.1:{free_port()}/", Path.cwd())


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(State(tmp_path), {name: web_server(free_port()) for name in ("one", "two")})
    yield stack
    down(stack.state)


def test_up_starts_everything_and_again_does_nothing(stack: Stack) -> None:
    assert up(stack, ["one", "two"]) == ["one", "two"]
    assert up(stack, ["one", "two"]) == []


def test_up_starts_again_only_what_died(stack: Stack) -> None:
    up(stack, ["one", "two"])
    survivor = stack.state.started["two"]
    died = psutil.Process(stack.state.started["one"].pid)
    died.kill()
    died.wait(10)
    assert up(stack, ["one", "two"]) == ["one"]
    assert stack.state.started["two"] == survivor


def test_another_command_knows_what_runs_and_down_stops_exactly_that(stack: Stack, tmp_path: Path) -> None:
    up(stack, ["one", "two"])
    pids = {it.pid for it in stack.state.started.values()}
    other = State.load(tmp_path)
    assert is_running(other, "one")
    assert sorted(down(other)) == ["one", "two"]
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)
    assert down(State.load(tmp_path)) == []


def test_down_leaves_alone_a_process_that_has_the_id_of_one_of_ours(stack: Stack, tmp_path: Path) -> None:
    up(stack, ["one"])
    ours = stack.state.started["one"]
    elsewhere = State(tmp_path / "elsewhere", {}, {"phoenix": type(ours)(ours.pid, ours.created, ["phoenix", "serve"])})
    elsewhere.folder.mkdir()
    assert down(elsewhere) == []
    assert running(ours)


def test_a_part_that_ends_while_starting_shows_the_end_of_its_log(stack: Stack) -> None:
    stack.parts["one"] = script("import sys; print('port is taken'); sys.exit(3)")
    with pytest.raises(ServiceUnavailable, match=r"one ended while it was starting(.|\n)*port is taken"):
        up(stack, ["one"])


def test_a_part_that_never_gets_ready_is_named_with_its_log(stack: Stack) -> None:
    stack.parts["one"] = script("import time; print('thinking', flush=True); time.sleep(60)")
    stack.launch(["one"])
    with pytest.raises(ServiceUnavailable, match=r"one was not ready after 1 s(.|\n)*thinking"):
        stack.wait(["one"], seconds=1)


def test_progress_is_reported_part_by_part(stack: Stack) -> None:
    told: list[tuple[str, str]] = []
    stack.report = lambda part, state: told.append((part, state))
    up(stack, ["one"])
    down(stack.state, stack.report)
    assert told == [("one", "starting"), ("one", "ready"), ("one", "stopping"), ("one", "stopped")]


def test_no_part_reports_to_anyone_and_none_takes_the_callers_server_settings(monkeypatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://production/api")
    monkeypatch.setenv("PHOENIX_SQL_DATABASE_URL", "postgresql://production")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://production")
    postgres = Postgres("postgresql://u:secret@db/postgres")
    for name, part in parts(Path("/tmp/stack"), PREFERRED_PORTS, postgres).items():
        assert part.environment["DO_NOT_TRACK"] == "true", name
        assert part.environment["MLFLOW_DISABLE_TELEMETRY"] == "true", name
        assert part.environment["PHOENIX_TELEMETRY_ENABLED"] == "false", name
        assert "production" not in " ".join(part.environment.values()), name
        assert "secret" not in " ".join(part.command), name


def test_prefects_ui_is_told_the_port_the_server_has() -> None:
    ports = {**PREFERRED_PORTS, "prefect": 14211}
    prefect = parts(Path("/tmp/stack"), ports, Postgres("postgresql://postgres@/postgres?host=/tmp"))["prefect"]
    assert prefect.environment["PREFECT_SERVER_API_PORT"] == "14211"
    assert prefect.command[-1] == "14211"


@pytest.mark.parametrize("killed", [signal.SIGKILL, signal.SIGTERM])
def test_a_part_killed_from_outside_counts_as_not_running(stack: Stack, killed: signal.Signals) -> None:
    up(stack, ["one"])
    process = psutil.Process(stack.state.started["one"].pid)
    process.send_signal(killed)
    process.wait(10)
    assert not is_running(stack.state, "one")
