"""What a judge makes of a reply to an item of a batch."""

from collections.abc import Callable
from dataclasses import asdict

import orjson

from tasks.evaluate.answers import Unparseable, score_of
from tasks.evaluate.judge import Judge
from tasks.evaluate.tariff import Tariff
from tasks.shared.gateways.llm import Reply
from tasks.shared.store.batch_book import Outcome, RecordedBatch


def outcomes(judge: Judge, tariff_of: Callable[[str], Tariff]) -> Callable[[RecordedBatch, Reply], Outcome]:
    """Says what a reply comes to, for *judge*, at the tariff of the batch's model."""

    def outcome(batch: RecordedBatch, reply: Reply) -> Outcome:
        if reply.kind not in {"answered", "unparseable"}:
            return Outcome("unanswered", trouble=reply.trouble)
        cost = None if reply.usage is None else tariff_of(batch.model).cost(reply.usage)
        usage = "" if reply.usage is None else orjson.dumps(asdict(reply.usage)).decode()
        if reply.answer is None:
            return Outcome("unparseable", cost, usage=usage, trouble=reply.trouble)
        answer = orjson.dumps(dict(reply.answer)).decode()
        if batch.judge != judge.title:  # another version's, which reads it when it comes to it
            return Outcome("answered", cost, answer, usage)
        try:
            score_of(judge, reply.answer)
        except Unparseable as why:
            return Outcome("unparseable", cost, usage=usage, trouble=str(why))
        return Outcome("answered", cost, answer, usage)

    return outcome
