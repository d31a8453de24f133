"""The days of a night: each is decided and then told, and while one is told the next is ingested and decided."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field

from flows.evaluation import evaluation
from flows.reporting import reporting
from flows.tracking import tracking
from tasks.fetch.progress import OutdatedDay
from tasks.fetch.steps import mark_done, note_awaited, reconcile_cost
from tasks.shared.errors import Inconclusive
from tasks.shared.records import Batch, Window


@dataclass
class Night:
    """What a run has done so far. While the next day is ingested and evaluated, one day's figures are told."""

    project: str
    receipts: list[Batch] = field(default_factory=list)
    doubts: dict[dt.date, str] = field(default_factory=dict)
    in_hand: OutdatedDay | None = None
    without_trend: Window | None = None
    _telling: asyncio.Task[list[Batch]] | None = None

    async def decide(self, outdated: OutdatedDay) -> None:
        """Do all that asks Phoenix: evaluate a day, unless only people's labels are new there, and reconcile its cost.

        A judge in doubt is noted. Where the day in hand could not be told, no more is spent.
        """
        if self._telling and self._telling.done():
            await self.told()
        window = Window.of_day(outdated.day)
        if outdated.judged:
            self.doubts.pop(outdated.day, None)
            try:
                self.receipts.append(await evaluation(window, project=self.project))
                note_awaited(self.project, outdated.day, self.receipts[-1])
            except Inconclusive as doubt:
                self.doubts[outdated.day] = f"{outdated.day}: {doubt}"
                note_awaited(self.project, outdated.day)
        self.receipts.append(await reconcile_cost(self.project, window))

    async def begin_to_tell(self, outdated: OutdatedDay, *, trend: bool) -> None:
        """Track and report a day once the one before is told, and do not wait for it."""
        await self.told()
        self.in_hand, self.without_trend = outdated, None if trend else Window.of_day(outdated.day)
        self._telling = asyncio.create_task(
            told(self.project, outdated, trend=trend, decided=outdated.day not in self.doubts)
        )

    async def told(self) -> None:
        """Wait until the day in hand is told."""
        if self._telling:
            telling, self._telling = self._telling, None
            self.receipts += await telling


async def told(project: str, outdated: OutdatedDay, *, trend: bool, decided: bool) -> list[Batch]:
    """Track and report a day; it is done then, where its evaluators *decided*."""
    window = Window.of_day(outdated.day)
    receipts = [
        await tracking(window, project=project, trend=trend),
        await reporting(window, project=project, deliver=False),
    ]
    if decided:
        mark_done(project, outdated)
    return receipts
