"""The batch lane: questions are handed in at half the price, and a later run picks up the answers.

A question goes there once. What comes back without an answer is asked in the synchronous lane.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from tasks.evaluate.asking import Asker, Verdict, above_cap
from tasks.evaluate.batch_answers import outcomes
from tasks.evaluate.cases import Case, Messages, prompt_digest
from tasks.evaluate.tariff import Tariff, tariff
from tasks.shared.gateways.llm import Batches, Collector, Question, Usage, custom_id
from tasks.shared.prices import PriceTable
from tasks.shared.records import Score, Status
from tasks.shared.settings import Settings
from tasks.shared.store.batch_book import BatchBook, Entry, Item, RecordedBatch

# Far below what providers take, so that a batch in the making stays small in memory.
MOST_ITEMS, MOST_CHARACTERS = 10_000, 16_000_000


@dataclass(frozen=True)
class Fresh:
    """A question that never was in a batch, with the unit that pays for it."""

    digest: str
    messages: Messages
    unit_id: str


@dataclass
class BatchLane:
    """Verdicts by way of batches. Without `batches` nothing new is handed in, and what is out there is awaited."""

    asker: Asker
    book: BatchBook
    collector: Collector
    tariff: Tariff
    batches: Batches | None

    async def verdicts(
        self, cases: Sequence[Case], unit_ids: Sequence[str], told: Callable[[int, int], None] | None = None
    ) -> list[Verdict]:
        """A verdict for each of *cases*, pending where its batch is not through; *unit_ids* are by the cases' place."""
        items, fresh = self._seen(cases, unit_ids)
        not_yet = {d: self._awaited(d, i) for d, i in items.items() if i.state == "waiting"}
        if self.batches is not None:
            not_yet |= await self._handed_in(fresh)
        self.asker.unparseable_before |= {d for d, item in items.items() if item.state == "unparseable"}
        ripe = [case for case in cases if not any(digest in not_yet for digest in _digests(case))]
        judged = {case.place: v for case, v in zip(ripe, await self.asker.verdicts(ripe, told), strict=True)}
        return [
            _with_cost(judged[case.place], [items[d] for d in _digests(case) if d in items], unit_ids[case.place])
            if case.place in judged
            else next(not_yet[digest] for digest in _digests(case) if digest in not_yet)
            for case in cases
        ]

    def unpaid(self, cases: Sequence[Case], unit_ids: Sequence[str]) -> bool:
        """Whether anything about *cases* has to be asked, here or in the synchronous lane."""
        items, fresh = self._seen(cases, unit_ids)
        waiting = {digest for digest, item in items.items() if item.state == "waiting"}
        return bool(fresh) or bool(items.keys() - waiting - self.asker.known(cases).keys())

    def _seen(self, cases: Sequence[Case], unit_ids: Sequence[str]) -> tuple[dict[str, Item], list[Fresh]]:
        """What became of the questions that were in batches, by digest; and those that never were, nor answered."""
        asked: dict[str, Fresh] = {}
        for case in cases:  # of units that ask the same, the first one pays
            for messages in case.orders:
                digest = prompt_digest(messages)
                asked.setdefault(digest, Fresh(digest, messages, unit_ids[case.place]))
        items = self.book.items(self.asker.judge.title, self._model, list(asked))
        known = self.asker.known(cases)
        return items, [question for digest, question in asked.items() if digest not in items and digest not in known]

    async def _handed_in(self, fresh: Sequence[Fresh]) -> dict[str, Verdict]:
        """What became of handing *fresh* in, by digest."""
        if self.asker.stopped:
            return {question.digest: _verdict("pending", self.asker.stopped, question.digest) for question in fresh}
        judge, outcomes, entered = self.asker.judge, {}, []
        for question in fresh:
            if (most := self.tariff.most(question.messages, judge)) > self.tariff.cap:
                outcomes[question.digest] = _verdict("budget_stopped", above_cap(most, judge), question.digest)
            else:
                entered.append(question)
        for group in _groups(entered):
            outcomes |= await self._one_batch(group)
        return outcomes

    async def _one_batch(self, group: Sequence[Fresh]) -> dict[str, Verdict]:
        judge, brief = self.asker.judge, self.asker.brief
        now = dt.datetime.now(dt.UTC)
        batch = RecordedBatch(uuid.uuid4().hex, judge.title, self._model, "submitting", "", now, len(group))
        entries = [
            Entry(q.digest, custom_id(batch.id, q.unit_id, judge.title, q.digest), q.unit_id, most)
            for q in group
            for most in [self.tariff.most(q.messages, judge)]
        ]
        call = self.asker.call(self._model, "")
        taken, full = self.book.record(batch, call, entries, brief.walls(call.day))
        going = {entry.prompt_digest: entry.custom_id for entry in taken}
        refused = await self._send(batch, [q for q in group if q.digest in going], going) if going else ""
        # Another run may have handed some of them in meanwhile.
        out = self.book.items(judge.title, self._model, [q.digest for q in group])
        outcomes = {digest: self._awaited(digest, item) for digest, item in out.items()}
        for question in group:
            if question.digest in going and refused:
                outcomes[question.digest] = _verdict("errored", refused, question.digest)
            elif question.digest not in out and full is not None:
                outcomes[question.digest] = _verdict("budget_stopped", full.no_room, question.digest)
        return outcomes

    async def _send(self, batch: RecordedBatch, group: Sequence[Fresh], custom_ids: Mapping[str, str]) -> str:
        """Hand *group* in. Returns why it was not taken, if so."""
        assert self.batches is not None
        shape = self.asker.judge.answer_shape
        questions = (Question(custom_ids[question.digest], question.messages, shape) for question in group)
        submission = await self.batches.submit(batch.id, questions)
        if submission.kind == "taken":
            self.book.submitted(batch.id, submission.provider_id)
            self.collector.told(f"{self.asker.judge.name}: batch {batch.id} of {len(group)} questions is handed in")
        elif submission.kind == "unknown":
            self.collector.troubles[batch.id] = f"whether it was handed in is not known yet: {submission.trouble}"
        else:
            self.book.forget(batch.id)
            return f"the batch was not taken: {submission.trouble}"
        return ""

    def _awaited(self, digest: str, item: Item) -> Verdict:
        trouble = self.collector.troubles.get(item.batch)
        words = f"in batch {item.batch} of {self._model} since {item.since:%Y-%m-%d %H:%M} UTC"
        return _verdict("pending", f"{words}; {trouble}" if trouble else words, digest)

    @property
    def _model(self) -> str:
        return self.asker.model_names[0]


async def batch_lane(settings: Settings, asker: Asker, told: Callable[[str], None]) -> BatchLane | None:
    """The lane of the asker's judge, after a look at its open batches; None where it has nothing to do with batches.

    A judge that went back to `lane: sync` has one as long as a batch of it is open: nothing is paid for twice.

    Raises:
        ConfigurationError: The judge's lane is batch, and its model's provider has none that Nightjar knows.
    """
    judge, models, book = asker.judge, asker.models, BatchBook(asker.ledger)
    if judge.lane == "sync" and not book.open_batches(judge.name):
        return None
    prices, now = PriceTable.shipped(settings.prices), dt.datetime.now(dt.UTC)
    model = asker.model_names[0]
    batches = models.batches(model, judge.max_output_tokens, judge.parameters) if judge.lane == "batch" else None

    def tariff_of(name: str) -> Tariff:
        return tariff(judge, name, prices, now, batch=True)

    deadline = dt.timedelta(hours=settings.judges.batch_deadline_hours)

    def opened(name: str) -> Batches:
        return models.batches(name, judge.max_output_tokens, judge.parameters)

    collector = Collector(judge.name, book, opened, outcomes(judge, tariff_of), deadline, told)
    await collector.collect()
    return BatchLane(asker, book, collector, tariff_of(model), batches)


def _digests(case: Case) -> list[str]:
    return [prompt_digest(messages) for messages in case.orders]


def _groups(questions: Iterable[Fresh]) -> Iterator[list[Fresh]]:
    """*questions* in batches that are not too large."""
    group: list[Fresh] = []
    characters = 0
    for question in questions:
        more = sum(len(message["content"]) for message in question.messages)
        if group and (len(group) >= MOST_ITEMS or characters + more > MOST_CHARACTERS):
            yield group
            group, characters = [], 0
        group.append(question)
        characters += more
    if group:
        yield group


def _verdict(status: Status, why: str, digest: str) -> Verdict:
    return Verdict(status, Score(explanation=why), digest=digest)


def _with_cost(verdict: Verdict, items: Sequence[Item], unit_id: str) -> Verdict:
    """*verdict* with what the unit's questions cost in batches: the one unit they were asked for carries it."""
    own = [item for item in items if item.unit_id == unit_id and item.cost]
    if not own:
        return verdict
    used = (Usage(**orjson.loads(item.usage)) for item in own if item.usage)
    return replace(
        verdict,
        cost=verdict.cost + sum(item.cost for item in own),
        usage=sum(used, start=verdict.usage),
        reused=False,
    )
