"""Stream spans from the gateway into the store: normalise one chunk while Phoenix prepares the next."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tasks.fetch.normalise import Normalised
from tasks.shared.records import RawSpan
from tasks.shared.store.stage import Stage


@dataclass
class Pulled:
    """What a pull did. `waited_seconds` is the time in which there was nothing to do but wait for Phoenix."""

    read: int = 0
    quarantined: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    waited_seconds: float = 0.0


async def pull(
    chunks: AsyncIterator[list[RawSpan]],
    spans: Stage,
    quarantine: Stage,
    normalise: Callable[[list[RawSpan]], Normalised],
) -> Pulled:
    """Normalise every chunk and append it to the stages; at most two chunks are in memory."""
    pulled = Pulled()
    coming = asyncio.ensure_future(anext(chunks, None))
    try:
        while True:
            began = time.perf_counter()
            chunk = await coming
            pulled.waited_seconds += time.perf_counter() - began
            if chunk is None:
                return pulled
            coming = asyncio.ensure_future(anext(chunks, None))
            normalised = await asyncio.to_thread(normalise, chunk)
            await asyncio.to_thread(spans.append, normalised.rows)
            await asyncio.to_thread(quarantine.append, normalised.quarantined)
            pulled.read += len(chunk)
            pulled.quarantined += normalised.quarantined.num_rows
            pulled.unknown += normalised.unknown
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
