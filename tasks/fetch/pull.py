"""Stream spans from the gateway into the store: normalise one chunk while Phoenix prepares the next."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tasks.fetch.normalise import Normalised
from tasks.shared.records import RawSpan
from tasks.shared.store.stage import Stage


@dataclass
class Pulled:
    """What a pull did: spans read and quarantined, and attributes that no column takes with their number of spans."""

    read: int = 0
    quarantined: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


async def pull(
    chunks: AsyncIterator[list[RawSpan]],
    spans: Stage,
    quarantine: Stage,
    normalise: Callable[[list[RawSpan]], Normalised],
) -> Pulled:
    """Normalise every chunk and append it to the stages; the gateway has the next one under way meanwhile."""
    pulled = Pulled()
    async for chunk in chunks:
        # In a thread, so that the event loop can take in the chunk that Phoenix is sending meanwhile.
        normalised = await asyncio.to_thread(_append, normalise, chunk, spans, quarantine)
        pulled.read += len(chunk)
        pulled.quarantined += normalised.quarantined.num_rows
        pulled.unknown += normalised.unknown
    return pulled


def _append(
    normalise: Callable[[list[RawSpan]], Normalised], chunk: list[RawSpan], spans: Stage, quarantine: Stage
) -> Normalised:
    normalised = normalise(chunk)
    spans.append(normalised.rows)
    quarantine.append(normalised.quarantined)
    return normalised
