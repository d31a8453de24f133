"""Ask for the next piece while the caller works on this one: Phoenix and Nightjar then work side by side."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
TIME_TO_SEND_SECONDS = 0.002


async def in_order(jobs: Iterable[Callable[[], Awaitable[T]]], width: int) -> AsyncIterator[T]:
    """The results of *jobs* in their order, *width* of them begun ahead of the one that is handed over.

    When the caller stops early or a job fails, the jobs under way are cancelled and waited for.
    """
    waiting = iter(jobs)
    under_way: deque[asyncio.Task[T]] = deque()
    try:
        while True:
            while len(under_way) < width and (job := next(waiting, None)) is not None:
                under_way.append(asyncio.ensure_future(_run(job)))
            if not under_way:
                return
            result = await under_way.popleft()
            if (job := next(waiting, None)) is not None:
                under_way.append(asyncio.ensure_future(_run(job)))
                # The caller computes without giving way; let the request leave first.
                await asyncio.sleep(TIME_TO_SEND_SECONDS)
            yield result
    finally:
        for task in under_way:
            task.cancel()
        for task in under_way:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def _run(job: Callable[[], Awaitable[T]]) -> T:
    return await job()
