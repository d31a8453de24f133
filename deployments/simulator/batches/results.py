"""What became of every item of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from deployments.simulator.answering import answer, check
from deployments.simulator.batches.batch import SimulatedBatch
from deployments.simulator.faults import chance
from deployments.simulator.interfaces.exchange import Interface, Refusal, Said
from deployments.simulator.simulated_model import SimulatedModel

Outcome = Literal["succeeded", "errored", "expired", "cancelled"]


@dataclass(frozen=True)
class Result:
    """An item's outcome: `said` when it succeeded, `refusal` when it ended in an error."""

    custom_id: str
    outcome: Outcome
    said: Said | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Desk:
    """Works through the items of one batch."""

    batch: SimulatedBatch
    interface: Interface
    model: SimulatedModel

    def results(self, lines: bytes, worked: int) -> list[Result]:
        """What became of the items, one a line, in no particular order; the first *worked* were reached."""
        items: Sequence[Mapping[str, Any]] = [orjson.loads(line) for line in lines.splitlines() if line.strip()]
        results = [self.result(item) for item in items[:worked]]
        results += [Result(item["custom_id"], "cancelled") for item in items[worked:]]
        return sorted(results, key=lambda result: chance(self.batch.id, "order", result.custom_id))

    def result(self, item: Mapping[str, Any]) -> Result:
        """What became of one *item* that was reached."""
        faults, name = self.batch.faults, item["custom_id"]
        drawn = chance(faults.seed, "batch", self.batch.id, name)
        if drawn < faults.rate_batch_expired:
            return Result(name, "expired")
        if drawn < faults.rate_batch_expired + faults.rate_batch_error:
            return Result(name, "errored", refusal=Refusal("server_error", 500, "Simulated error of a batch item."))
        try:
            return Result(name, "succeeded", said=self.said(item))
        except Refusal as refusal:
            return Result(name, "errored", refusal=refusal)

    def said(self, item: Mapping[str, Any]) -> Said:
        """The answer to an *item*; of the rates of single calls only those of bad answers hold here.

        Raises:
            Refusal: If the request makes no sense, or is refused for good.
        """
        asked = self.interface.asked(item["body"], None)
        check(asked, self.batch.faults)
        fault = self.batch.faults.draw("batch", self.batch.id, item["custom_id"])
        kept = fault if fault in ("malformed", "truncated") else None
        return answer(asked, self.model, self.batch.faults, kept, f"{self.batch.id}-{item['custom_id']}")
