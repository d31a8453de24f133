"""Writing by way of batches: requests are handed in at half the price, and a later run finds their answers paid for.

A request goes there once. What comes back without an answer is asked in the usual way.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

import orjson

from tasks.shared.gateways.llm.batches import Batches, Collector, Question, custom_id
from tasks.shared.gateways.llm.replies import Reply
from tasks.shared.gateways.llm.usage import Usage
from tasks.shared.gateways.llm.writer import Request, Writer, Written, for_books
from tasks.shared.store.batch_book import BatchBook, Entry, Outcome, RecordedBatch
from tasks.shared.store.ledger import Call, today, usd, walls

# What stands behind the purpose where a judge has its version: the form of what is kept.
FORM = "1"


class BatchWriter:
    """The batches of one errand at one model. All its requests have the same schema, parameters and longest answer."""

    def __init__(self, writer: Writer, deadline: dt.timedelta, told: Callable[[str], None]) -> None:
        self.writer, self.book, self.deadline, self.told = writer, BatchBook(writer.ledger), deadline, told
        self.title = f"{writer.errand.purpose}@{FORM}"

    async def waiting(self, requests: Mapping[str, Request]) -> dict[str, str]:
        """Collect what is through, hand in what never was there; returns which *requests* (by unit) wait, and why.

        Raises:
            ConfigurationError: The model's provider has no batches that Nightjar knows, or the model has no price.
        """
        if not requests:
            return {}
        like = next(iter(requests.values()))
        purpose, models = self.writer.errand.purpose, self.writer.models

        def opened(name: str) -> Batches:
            return models.batches(name, like.max_output_tokens, like.parameters)

        collector = Collector(purpose, self.book, opened, self._outcome, self.deadline, self.told)
        await collector.collect()
        digests = {unit: request.digest for unit, request in requests.items()}
        known = self.writer.ledger.answers(purpose, like.name, list(digests.values()))
        items = self.book.items(self.title, like.name, list(digests.values()))
        fresh = {u: r for u, r in requests.items() if digests[u] not in known and digests[u] not in items}
        refused = await self._hand_in(opened(like.name), like, fresh) if fresh else ""
        items = self.book.items(self.title, like.name, list(digests.values()))
        out = {u: items[d].batch for u, d in digests.items() if d in items and items[d].state == "waiting"}
        told = {
            unit: f"in batch {batch}; {collector.troubles.get(batch, 'not through yet')}" for unit, batch in out.items()
        }
        return told | {unit: refused for unit in fresh if refused and unit not in out}

    async def _hand_in(self, batches: Batches, like: Request, fresh: Mapping[str, Request]) -> str:
        """Record a batch with its money, then hand it in. Returns why something of it has to wait, if so."""
        writer, day = self.writer, today()
        price = replace(writer.price(like.name), batch=True)
        batch = RecordedBatch(
            uuid.uuid4().hex, self.title, like.name, "submitting", "", dt.datetime.now(dt.UTC), len(fresh)
        )
        entries = [
            Entry(
                r.digest,
                custom_id(batch.id, unit, self.title, r.digest),
                unit,
                price.most(r.messages, r.schema, r.max_output_tokens),
            )
            for unit, r in fresh.items()
        ]
        errand = writer.errand
        limits = walls(writer.budget, errand.run, day, errand.project, errand.purpose)
        call = Call(errand.run, day, errand.project, errand.purpose, like.name, "", "writing")
        taken, full = self.book.record(batch, call, entries, limits)
        why = "" if full is None else full.no_room
        if not taken:
            return why
        going = {entry.prompt_digest: entry.custom_id for entry in taken}
        questions = [Question(going[r.digest], r.messages, r.schema or {}) for r in fresh.values() if r.digest in going]
        submission = await batches.submit(batch.id, questions)
        if submission.kind == "taken":
            self.book.submitted(batch.id, submission.provider_id)
            self.told(f"{errand.purpose}: batch {batch.id} of {len(going)} questions is handed in")
        elif submission.kind == "absent":
            self.book.forget(batch.id)
            return f"the batch was not taken: {submission.trouble}"
        return why

    def _outcome(self, batch: RecordedBatch, reply: Reply) -> Outcome:
        """An answer is kept as the writer keeps one, so that it finds it."""
        if reply.kind not in {"answered", "unparseable"}:
            return Outcome("unanswered", trouble=reply.trouble)
        price = replace(self.writer.price(batch.model), batch=True)
        cost = None if reply.usage is None else price.cost(reply.usage)
        usage = "" if reply.usage is None else orjson.dumps(asdict(reply.usage)).decode()
        if reply.answer is None:
            return Outcome("unparseable", cost, usage=usage, trouble=reply.trouble)
        written = Written(
            status="answered",
            model=batch.model,
            started_at=batch.recorded_at,
            text=orjson.dumps(dict(reply.answer)).decode(),
            answer=reply.answer,
            usage=reply.usage or Usage(),
            cost_usd=float(usd(cost or 0)),
        )
        return Outcome("answered", cost, for_books(written), usage)
