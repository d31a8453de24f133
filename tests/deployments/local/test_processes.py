"""Processes are stopped exactly: with their children, and never by a reused id."""

import dataclasses
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deployments.local import processes
from deployments.local.state import Started

SLEEP = "import time; time.sleep(60)"
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[object]:
    begun: list[Started] = []

    def run(code: str) -> Started:
        begun.append(processes.start([sys.executable, "-c", code], os.environ, tmp_path / "log", tmp_path))
        return begun[-1]

    yield run
    for it in begun:
        processes.stop(it, signal.SIGKILL)


def first_line(log: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if "\n" in (text := log.read_text()):
            return text.split("\n")[0]
        time.sleep(0.05)
    raise TimeoutError(log)


def test_stopping_ends_the_process_and_its_children(start, tmp_path: Path) -> None:
    parent = start(PARENT)
    child = psutil.Process(int(first_line(tmp_path / "log")))
    assert processes.stop(parent)
    assert processes.running(parent) is None
    assert not child.is_running()


def test_children_of_a_killed_parent_are_stopped_too(start, tmp_path: Path) -> None:
    parent = start(PARENT)
    child = psutil.Process(int(first_line(tmp_path / "log")))
    psutil.Process(parent.pid).kill()
    psutil.Process(parent.pid).wait()
    assert not processes.stop(parent)
    assert not child.is_running()


@pytest.mark.parametrize("change", [{"created": 1_700_000_000.0}, {"command": ["postgres", "-D", "/elsewhere"]}])
def test_another_process_with_the_same_id_is_left_alone(start, change: dict[str, object]) -> None:
    stranger = start(SLEEP)
    remembered = dataclasses.replace(stranger, **change)
    assert processes.running(remembered) is None
    assert not processes.stop(remembered)
    assert processes.running(stranger) is not None


def test_a_process_that_ignores_the_polite_signal_is_killed(start, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(processes, "TERMINATE_SECONDS", 0.2)
    stubborn = start(
        f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {SLEEP}"
    )
    first_line(tmp_path / "log")
    assert processes.stop(stubborn)
    assert processes.running(stubborn) is None


def test_a_started_process_listens_to_interrupts_even_when_its_starter_ignores_them(start, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        start("import signal; print(signal.getsignal(signal.SIGINT) == signal.default_int_handler, flush=True)")
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert first_line(tmp_path / "log") == "True"


def test_a_process_runs_on_in_a_session_of_its_own(start) -> None:
    it = start(SLEEP)
    assert os.getsid(it.pid) == it.pid


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert processes.free_port(port) != port
    assert processes.free_port(port) == port


def test_tail_is_the_end_of_the_log_and_empty_without_one(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\ntwo\nthree\n")
    assert processes.tail(tmp_path / "log", lines=2) == "two\nthree"
    assert not processes.tail(tmp_path / "none")
