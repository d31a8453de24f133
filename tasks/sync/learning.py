"""From stored trajectories to guidelines: tips from a model, held against the guidelines that are like them.

What was asked is paid once (the ledger keeps every answer), and a lesson is applied whole: a run that was killed is
finished by the next one, with the same result.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.shared.gateways.knowledge import Change, Guideline, KnowledgeStore, Lesson, Trajectory
from tasks.shared.gateways.llm import BatchWriter, Request, Writer, Written
from tasks.shared.settings import SyncSettings
from tasks.sync.conflicts import TRIES, Conflict, all_added, apart, asked, changes_of, conflicts_question
from tasks.sync.question import Unusable
from tasks.sync.tips import shown, tips_of, tips_question

TRAJECTORIES_AT_ONCE = 20


log = logging.getLogger(__name__)
Told = Callable[[int, int], None]


class Postponed(Exception):
    """There is no answer now: the trajectory waits for another run. With `no_money` the later ones do, too."""

    def __init__(self, written: Written) -> None:
        super().__init__(written.trouble)
        self.no_money, self.refused = written.status == "budget_stopped", written.refused


@dataclass
class Learned:
    """What a run has learned so far; `stopped` says why it went no further."""

    lessons: int = 0
    tips: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    cost_usd: float = 0.0
    warnings: list[str] = field(default_factory=list)
    stopped: str = ""


@dataclass
class Learner:
    """Learns from trajectories, oldest first, and in the same order however often it is begun anew."""

    store: KnowledgeStore
    writer: Writer
    settings: SyncSettings
    model: str
    lane: BatchWriter | None = None
    refused: list[tuple[Trajectory, str]] = field(default_factory=list)
    learned: Learned = field(default_factory=Learned)

    async def learn(self, span_ids: Sequence[str], most: int, told: Told) -> Learned:
        """Learn from the trajectories of *span_ids* until *most* are done, or there is no money left.

        Those that wait (in a batch, for a provider that is down) hold up nobody. A question that is refused while
        others are answered will be refused again: its trajectory teaches nothing, with that warning.
        """
        for start in range(0, len(span_ids), TRAJECTORIES_AT_ONCE):
            some = [self.store.trajectory(span_id) for span_id in span_ids[start : start + TRAJECTORIES_AT_ONCE]]
            if not await self._learn_some({each.span_id: each for each in some if each is not None}):
                break
            told(self.learned.lessons, min(most, len(span_ids)))
            if self.learned.lessons >= most:
                break
        if self.learned.lessons:
            for trajectory, why in self.refused:
                await self._nothing(trajectory, why)
        return self.learned

    async def _learn_some(self, trajectories: Mapping[str, Trajectory]) -> bool:
        """Learn from *trajectories*; False when there is no money left for those after them."""
        requests = {span_id: self._request(each) for span_id, each in trajectories.items()}
        waiting = await self.lane.waiting(requests) if self.lane else {}
        ready = {span_id: request for span_id, request in requests.items() if span_id not in waiting}
        answers = await asyncio.gather(*(self.writer.answer(request) for request in ready.values()))
        self._paid(answers)
        for span_id, written in zip(ready, answers, strict=True):
            try:
                await self._lesson(trajectories[span_id], written)
            except Postponed as why:
                if why.no_money:
                    self.learned.stopped = str(why)
                    return False
                if why.refused:
                    self.refused.append((trajectories[span_id], str(why)))
                self.learned.warnings.append(f"span {span_id} waits for another run: {why}")
        return True

    def _paid(self, answers: Sequence[Written]) -> None:
        self.learned.cost_usd += sum(written.cost_usd for written in answers if not written.reused)

    def _request(self, trajectory: Trajectory) -> Request:
        question = tips_question()
        return Request(
            self.model,
            question.asked(conversation=shown(trajectory, self.settings.longest_conversation)),
            question.answer,
            max_output_tokens=self.settings.longest_answer_tokens,
            key=f"tips@{question.version}",
        )

    async def _lesson(self, trajectory: Trajectory, written: Written) -> None:
        """Apply what the answer for *trajectory* teaches; an invalid one teaches nothing."""
        try:
            task, tips = tips_of(_readable(written))
        except Unusable as why:
            await self._nothing(trajectory, f"the answer is invalid: {why}")
            return
        changes = await self._changes([(tip.number, tip.guideline(trajectory, task)) for tip in tips])
        await self._apply(Lesson(trajectory.span_id, trajectory.timestamp, len(tips), changes))

    async def _changes(self, tips: Sequence[tuple[int, Guideline]]) -> tuple[Change, ...]:
        """What *tips* change, by a model where they are like guidelines that stand."""
        alike = {number: await self._alike(tip) for number, tip in tips}
        new, conflict = apart(tips, alike)
        return new + (await self._settled(conflict) if conflict.new else ())

    async def _alike(self, tip: Guideline) -> list[Guideline]:
        found = await self.store.similar("\n".join((tip.content, tip.trigger, tip.task)), self.settings.similar)
        return [guideline for guideline, cosine in found if cosine >= self.settings.similarity]

    async def _settled(self, conflict: Conflict) -> tuple[Change, ...]:
        """The model's decisions. After three answers that cannot be used the tips stand beside what they are like."""
        question, why = conflicts_question(), ""
        for number in range(TRIES):
            written = await self.writer.write(
                self.model,
                asked(conflict),
                schema=question.answer,
                max_output_tokens=self.settings.longest_answer_tokens,
                key=f"conflicts@{question.version}/{number}",
            )
            try:
                self._paid([written])
                return changes_of(_readable(written), conflict)
            except Unusable as error:
                why = str(error)
                log.warning("conflict with %s, try %d: %s", ", ".join(conflict.alike), number + 1, why)
        self.learned.warnings.append(f"tips like {', '.join(conflict.alike)} were added without a decision: {why}")
        return all_added(conflict, f"no usable decision in {TRIES} tries: {why}")

    async def _nothing(self, trajectory: Trajectory, why: str) -> None:
        """The trajectory teaches nothing, and is not asked about again."""
        self.learned.warnings.append(f"span {trajectory.span_id}: no tips, {why}")
        await self._apply(Lesson(trajectory.span_id, trajectory.timestamp, 0, (), why))

    async def _apply(self, lesson: Lesson) -> None:
        await self.store.learn(lesson)
        self.learned.lessons += 1
        self.learned.tips += lesson.tips
        self.learned.operations.update(change.operation for change in lesson.changes)


def _readable(written: Written) -> Mapping[str, Any]:
    """The object that the model answered. Raises Unusable where nobody can read it, Postponed where there is none."""
    if written.answer is not None:
        return written.answer
    if written.unreadable:
        raise Unusable(written.trouble)
    raise Postponed(written)
