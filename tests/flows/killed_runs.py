"""Run `python -m flows ...` again and again, each time dying by SIGKILL at a chosen point, and once to the end.

Tests call `killed_and_run`, which starts this file.

Every run is a process of its own, forked from one that has done the imports. Prints each process's wait status.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PRELOADED = ("flows.nightly", "flows.__main__", "great_expectations", "mlflow", "pandas", "phoenix.evals")
Point = tuple[str, int, str]
SECONDS_AT_MOST = 600


def killed_and_run(points: Mapping[str, Point], arguments: Sequence[str]) -> int:
    """Run the flows with *arguments*, once killed at each of *points* (see `arm`), then to the end; the last exit code.

    Fails where a run lives past its point.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.killed_runs", json.dumps(list(points.values())), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_AT_MOST,
        env=dict(os.environ),
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-4000:]
    *killed, last = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(done.stderr)
    assert dict(zip(points, killed, strict=True)) == dict.fromkeys(points, signal.SIGKILL)
    return os.waitstatus_to_exitcode(last)


def arm(target: str, nth: int, about: str) -> None:
    """Die before the *nth* call of *target* (`module:Class.method`) whose arguments mention *about*."""
    module_name, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module_name)
    for part in owners:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        if about in repr((arguments[1:] if owners else arguments, named)):
            calls += 1
            if calls == nth:
                os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(owner, name, deadly)


def run(point: list[Any] | None, arguments: list[str]) -> int:
    """Fork, arm *point* in the child, run the flows there; returns the wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    os.dup2(2, 1)
    from flows.__main__ import main

    if point:
        arm(*point)
    os._exit(main(arguments))


if __name__ == "__main__":
    points, flow_arguments = json.loads(sys.argv[1]), sys.argv[2:]
    for name in PRELOADED:
        importlib.import_module(name)
    print(json.dumps([run(point, flow_arguments) for point in [*points, None]]))  # noqa: T201 - the answer
