"""Run the alert stage again and again, each time dying by SIGKILL at a chosen point, and once to the end.

Prints each process's wait status.
"""

import datetime as dt
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.alerts.running import run, settings_below
from tests.flows.killed_runs import arm

PRELOADED = ("great_expectations", "pandas", "tasks.shared.checks.gate")


def life(point: list[Any] | None, folder: str, closed: str) -> int:
    """Fork, arm *point* in the child, run there; returns the wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    if point:
        arm(*point)
    run(settings_below(Path(folder)), dt.datetime.fromisoformat(closed))
    os._exit(0)


if __name__ == "__main__":
    points = json.loads(sys.argv[1])
    for name in PRELOADED:
        importlib.import_module(name)
    print(json.dumps([life(point, *sys.argv[2:]) for point in [*points, None]]))  # noqa: T201 - the answer
