"""What is shared about trying again.

How often a task is tried is a deployment's business (prefect.yaml), not a task's: deployed runs set
`PREFECT_TASKS_DEFAULT_RETRIES` and `..._RETRY_DELAY_SECONDS`; a run by hand fails at once.
"""

import random
from typing import Any

from tasks.shared.errors import NightjarError, ServiceUnavailable

JITTER = 0.5
LONGEST_WAIT_SECONDS = 60.0


def seconds_to_wait(tries: int, first_seconds: float, asked_for: float | None = None) -> float:
    """What the other side asked for, or else a time that doubles with each try, with jitter on its upper half."""
    doubled = first_seconds * 2 ** (tries - 1) * random.uniform(0.5, 1.0)  # noqa: S311
    return min(doubled if asked_for is None else asked_for, LONGEST_WAIT_SECONDS)


async def worth_retrying(_task: Any, _task_run: Any, state: Any) -> bool:
    """Whether a failed task may succeed when run again: not when Nightjar itself knows better.

    A coroutine, because Prefect's `state.result()` is one inside an async flow, and an unawaited one is no error.
    """
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, ServiceUnavailable) or not isinstance(error, NightjarError)
