"""The results of batches: found again after a crash, waited for until the deadline, entered item by item."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from tasks.shared.errors import ConfigurationError, ServiceError, ServiceUnavailable
from tasks.shared.gateways.llm.batches.batch import HANDED_IN_WITHIN, Batches, Lost, Progress
from tasks.shared.gateways.llm.replies import Reply
from tasks.shared.store.batch_book import BatchBook, Outcome, RecordedBatch

# Providers promise a cancelled batch's end within ten minutes.
CANCELLED_WITHIN_SECONDS, LONGEST_PAUSE_SECONDS = 600.0, 10.0
# So long past the deadline a provider that is down, or whose answer makes no sense, is given another night.
GIVEN_UP_AFTER = dt.timedelta(days=7)


@dataclass
class Collector:
    """Collects what the batches of one asker (a judge, an errand) have come to.

    `opened` gives the batches of a model by its name; `outcome_of` says what a reply to an item of a batch comes to.
    `troubles`: what is wrong with a batch still open.
    """

    asker: str
    book: BatchBook
    opened: Callable[[str], Batches]
    outcome_of: Callable[[RecordedBatch, Reply], Outcome]
    deadline: dt.timedelta
    told: Callable[[str], None]
    troubles: dict[str, str] = field(default_factory=dict, init=False)

    async def collect(self) -> None:
        """Look at every open batch of the asker once; a batch past the deadline is stopped first."""
        for batch in self.book.open_batches(self.asker):
            try:
                await self._visit(batch)
            except (ServiceError, ConfigurationError) as error:
                limit = GIVEN_UP_AFTER if isinstance(error, ServiceUnavailable) else dt.timedelta(0)
                if _age(batch) > self.deadline + limit:
                    self.book.close(batch.id, f"what became of it cannot be told: {error}", lost=True)
                else:
                    self.troubles[batch.id] = str(error)

    async def _visit(self, batch: RecordedBatch) -> None:
        batches = self.opened(batch.model)
        provider_id = batch.provider_id or await self._found(batches, batch)
        if not provider_id:
            return
        progress = await batches.look(provider_id)
        if progress.kind == "under_way" and _age(batch) > self.deadline:
            progress = await _stopped(batches, provider_id)
        if progress.kind != "under_way":
            await self._enter(batches, batch, provider_id, progress)

    async def _found(self, batches: Batches, batch: RecordedBatch) -> str:
        """The provider's id of a batch whose submission nobody saw end; empty where it has none, or none yet."""
        lost = Lost(batch.id, self.book.custom_ids(batch.id), batch.recorded_at, self.book.provider_ids())
        found = await batches.find(lost)
        if found.kind == "taken":
            self.book.submitted(batch.id, found.provider_id)
        elif found.kind == "unknown" or _age(batch) <= HANDED_IN_WITHIN:
            self.troubles[batch.id] = found.trouble or "whether it was handed in will be known later"
        elif _age(batch) <= self.deadline:
            self.book.forget(batch.id)
        else:
            self.book.close(batch.id, "it was never handed in")
        return found.provider_id

    async def _enter(self, batches: Batches, batch: RecordedBatch, provider_id: str, progress: Progress) -> None:
        counts: Counter[str] = Counter()
        if progress.kind == "ended":
            async with aclosing(batches.results(provider_id)) as results:
                async for custom_id, reply in results:
                    outcome = self.outcome_of(batch, reply)
                    counts[outcome.state] += self.book.settle(batch.id, custom_id, outcome)
        counts["unanswered"] += self.book.close(batch.id, progress.trouble or "the batch has no result for it")
        summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        self.told(f"{self.asker}: batch {batch.id} of {batch.items} questions has ended ({summary})")


async def _stopped(batches: Batches, provider_id: str) -> Progress:
    """Cancel the batch and wait for its end: only then is it known what was answered, and is to be paid."""
    await batches.cancel(provider_id)
    pause, waited = 0.1, 0.0
    while (progress := await batches.look(provider_id)).kind == "under_way" and waited < CANCELLED_WITHIN_SECONDS:
        await asyncio.sleep(pause)
        waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
    return progress


def _age(batch: RecordedBatch) -> dt.timedelta:
    return dt.datetime.now(dt.UTC) - batch.recorded_at
