"""Start processes so that they outlive the command, and stop exactly those, children included."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from deployments.local.state import Started

SAME_START_SECONDS = 60.0
SETTLE_SECONDS = 5.0
GRACE_SECONDS = 15.0
TERMINATE_SECONDS = 5.0


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path) -> Started:
    """Start *command* in *folder* in a session of its own, writing to *log*."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, _interrupts_listened_to():
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    it = Started(process.pid, psutil.Process(process.pid).create_time(), list(command))
    # Just after the start the system does not know the command line yet.
    deadline = time.monotonic() + SETTLE_SECONDS
    while process.poll() is None and not running(it) and time.monotonic() < deadline:
        time.sleep(0.01)
    return it


def started(pid: int) -> Started:
    """What to remember of the running process *pid*."""
    process = psutil.Process(pid)
    return Started(pid, process.create_time(), process.cmdline())


def running(it: Started) -> psutil.Process | None:
    """The process, if it still runs; None when it ended, also when another process has its id now.

    The clock may have been set since, hence a tolerance; the arguments tell the rest (macOS renames the program).
    """
    try:
        process = psutil.Process(it.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            process.wait(timeout=0)  # reap it when it is our child, so that its id is free
            return None
        same = abs(process.create_time() - it.created) < SAME_START_SECONDS and process.cmdline()[1:] == it.command[1:]
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.TimeoutExpired):
        return None
    return process if same else None


def stop(it: Started, by: signal.Signals = signal.SIGTERM) -> bool:
    """Ask the process to end, then end what is left of it and its children. False when it had ended already."""
    process = running(it)
    family = _family(it, process)
    if process:
        process.send_signal(by)
        psutil.wait_procs([process], timeout=GRACE_SECONDS)
    _, left = psutil.wait_procs(family, timeout=0.5)
    for member in left:
        _unless_gone(member.terminate)
    _, left = psutil.wait_procs(left, timeout=TERMINATE_SECONDS)
    for member in left:
        _unless_gone(member.kill)
    psutil.wait_procs(left, timeout=TERMINATE_SECONDS)
    return process is not None


def free_port(preferred: int | None = None) -> int:
    """*preferred* when nothing listens there, else any free port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred or 0))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(log: Path, lines: int = 25) -> str:
    """The last *lines* of *log*."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) if log.exists() else ""


def _family(it: Started, process: psutil.Process | None) -> list[psutil.Process]:
    """The process, its descendants, and orphans of its session: a session's id is not given out while it lives.

    An id that another process has taken since names no session of ours, so then there is nothing.
    """
    if process is None and psutil.pid_exists(it.pid):
        return []
    members = {process, *process.children(recursive=True)} if process else set()
    for other in psutil.process_iter():
        try:
            if os.getsid(other.pid) == it.pid:
                members.add(other)
        except (ProcessLookupError, PermissionError):
            continue
    return list(members)


def _unless_gone(act: Callable[[], None]) -> None:
    try:
        act()
    except psutil.NoSuchProcess:
        return


@contextmanager
def _interrupts_listened_to() -> Iterator[None]:
    """A Prefect worker that inherits "ignore SIGINT" (as from a shell's `&`) never exits on SIGTERM."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
