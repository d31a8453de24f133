"""What the stages' tasks share about retrying. How often is a deployment's business (prefect.yaml), not a task's.

Deployed runs set `PREFECT_TASKS_DEFAULT_RETRIES` and `..._RETRY_DELAY_SECONDS`; a run by hand fails at once.
"""

from typing import Any

from tasks.shared.errors import NightjarError, ServiceUnavailable

JITTER = 0.5


async def worth_retrying(_task: Any, _task_run: Any, state: Any) -> bool:
    """Whether a failed task may succeed when run again: not when Nightjar itself knows better.

    A coroutine, because Prefect's `state.result()` is one inside an async flow, and an unawaited one is no error.
    """
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, ServiceUnavailable) or not isinstance(error, NightjarError)
