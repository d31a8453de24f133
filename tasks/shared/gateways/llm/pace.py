"""How many calls may be at a provider at once, and how fast they start: as it takes them without complaining.

Additive increase, multiplicative decrease (D.-M. Chiu and R. Jain (1989), Analysis of the increase and decrease
algorithms for congestion avoidance in computer networks, Computer Networks and ISDN Systems 17, 1-14): a 429 takes a
tenth of the room away, at most once while the calls under way come back; a full round of good answers gives one back.
Starts per second adapt beside it (rate.py).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tasks.shared.gateways.llm.rate import SECOND, Rate
from tasks.shared.retries import LONGEST_WAIT_SECONDS

DECREASE = 0.9
# A start that came late, because the clock of the loop is coarse, does not delay the next one.
CATCH_UP_SECONDS = 0.004


class Pace:
    """The room at one provider, shared by all judges of a run."""

    def __init__(self, in_flight: int, requests_per_second: float | None = None) -> None:
        self.most = in_flight
        self.room = float(in_flight)
        self.rate = Rate(requests_per_second)
        self._under_way = 0
        self._last_start = self._last_answer = self._closed_until = 0.0
        self._starting = asyncio.Lock()
        self._until_next_decrease = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for room, and for the next start where starts per second are limited; the room is free afterwards."""
        await self._enter()
        try:
            await self._wait_for_start()
            yield
        finally:
            self._under_way -= 1
            self._admit()

    def well(self) -> None:
        """A call was answered."""
        self._last_answer = asyncio.get_running_loop().time()
        self.rate.answered(self._last_answer)
        self._until_next_decrease -= 1
        self.room = min(self.most, self.room + 1 / self.room)

    def refused(self, retry_after_seconds: float | None = None) -> None:
        """A call was turned away for being one too many; *retry_after_seconds* is when the provider wants it again.

        That call waits so long. All others do so only where the provider takes nothing at all: one call too many among
        good answers is no reason to stop.
        """
        now = asyncio.get_running_loop().time()
        if self._waiting or self._under_way + 1 >= int(self.room):  # this call's own room may be free again
            self.rate.refused(now)
        if retry_after_seconds and now - self._last_answer > SECOND:
            self._closed_until = max(self._closed_until, now + min(retry_after_seconds, LONGEST_WAIT_SECONDS))
        if self._until_next_decrease <= 0:
            self.room = max(1.0, self.room * DECREASE)
            self._until_next_decrease = int(self.room)

    async def _enter(self) -> None:
        if self._under_way < int(self.room) and not self._waiting:
            self._under_way += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # admitted, and cancelled in the same moment
                self._under_way -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self._under_way < int(self.room):
            place = self._waiting.popleft()
            if not place.done():
                self._under_way += 1
                place.set_result(None)

    async def _wait_for_start(self) -> None:
        clock = asyncio.get_running_loop().time
        if not self.rate.interval and self._closed_until <= clock():
            return
        async with self._starting:  # one after the other, so that each goes by the rate of its own moment
            now = clock()
            earliest = max(self._last_start + self.rate.interval, self._closed_until)
            if earliest > now:
                await asyncio.sleep(earliest - now)
            self._last_start = max(earliest, now - CATCH_UP_SECONDS)
