"""Judge the batch world's day again and again, each time dying by SIGKILL at a chosen point.

Every run is a process of its own, forked from one that has done the imports. Prints each process's wait status.
"""

import asyncio
import datetime as dt
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tasks.shared.gateways.llm.batches import collecting
from tests.evaluate.batch_world import PROJECT, judge, settings, unchecked
from tests.evaluate.rows import DAY
from tests.flows.killed_runs import arm

PRELOADED = ("pandas", "openai", "anthropic", "httpcore2", "aiohttp", "phoenix.evals.metrics", "tasks.evaluate.judging")


def run(point: list[Any] | None, root: str, url: str, model: str) -> int:
    """Fork, arm *point* in the child, judge there; returns the wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    os.dup2(2, 1)
    from tasks.evaluate import judging

    judging.gate = unchecked
    # Nobody else is handing in: a batch that the provider does not know of a moment later never comes.
    collecting.HANDED_IN_WITHIN = dt.timedelta(0)
    if point:
        arm(*point)
    asyncio.run(judging.judge_window(settings(Path(root), url), judge(model=model), PROJECT, DAY, "run"))
    os._exit(0)


if __name__ == "__main__":
    runs, url, pause_seconds = json.loads(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    for name in PRELOADED:
        importlib.import_module(name)
    statuses = []
    for point, root, model in runs:
        statuses.append(run(point, root, url, model))
        time.sleep(pause_seconds)
    print(json.dumps(statuses))  # noqa: T201 - the answer
