"""How far judging is: units done of all there are in the window, cost so far, time left."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tasks.shared.records import Batch
from tasks.shared.store.ledger import usd

SECONDS_BETWEEN_NEWS = 10.0
Told = Callable[[str], None]


@dataclass
class Progress:
    """Of one judge through one window, however many parts that has. `what` names both, `units` is all to decide."""

    what: str
    units: int
    told: Told
    clock: Callable[[], float] = time.monotonic
    _done: int = field(default=0, init=False)
    _cost: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._began = self._last = self.clock()

    def within(self, units: int, questions: int) -> Callable[[int, int], None]:
        """What to call with the questions answered and the cost in a part of so many units and *questions*."""
        return lambda answered, cost: self._tell(self._done + units * answered // questions, self._cost + cost)

    def done(self, units: int, cost: int) -> None:
        """A part is through; *cost* is in picodollars."""
        self._done, self._cost = self._done + units, self._cost + cost
        self._tell(self._done, self._cost)

    def _tell(self, done: int, cost: int) -> None:
        now = self.clock()
        if now - self._last < SECONDS_BETWEEN_NEWS or not done:
            return
        self._last = now
        left = (now - self._began) / done * (self.units - done)
        self.told(f"{self.what}: {done}/{self.units} units for {usd(cost):.4f} USD so far, about {left:.0f} s left")


def days_told(done: int, days: int, receipts: Iterable[Batch], seconds: float) -> str:
    """How far a backfill of *days* is after *done* of them took *seconds*; what it cost is in the *receipts*."""
    cost = sum(receipt.counts.get("cost_microdollars", 0) for receipt in receipts) / 1_000_000
    left = seconds / done * (days - done)
    return f"{done}/{days} days done, judged for {cost:.4f} USD so far, about {left:.0f} s left"
