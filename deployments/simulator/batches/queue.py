"""Hands in, cancels, lists and settles simulated batches."""

import time
from collections.abc import Sequence

from deployments.simulator.batches.batch import Problem, SimulatedBatch
from deployments.simulator.batches.results import Desk, Result
from deployments.simulator.batches.shelf import Shelf
from deployments.simulator.calls import Books
from deployments.simulator.faults import Faults
from deployments.simulator.interfaces.exchange import Interface, Refusal
from deployments.simulator.simulated_model import SimulatedModel


class Queue:
    """The batches of one interface. Each is billed once, when it is through."""

    def __init__(self, shelf: Shelf, interface: Interface, model: SimulatedModel) -> None:
        self.shelf, self.interface, self.model = shelf, interface, model
        self.beginning = "batch_simulated_" if interface.name == "openai" else "msgbatch_simulated_"
        self.known: dict[str, list[Result]] = {}

    def hand_in(
        self, input_file: str, items: int, faults: Faults, metadata: dict[str, str] | None, problems: list[Problem]
    ) -> SimulatedBatch:
        """A new batch of the items in *input_file*."""
        number = len(self.shelf.names(self.beginning)) + 1
        batch = SimulatedBatch(
            id=f"{self.beginning}{number:06d}",
            interface="openai" if self.interface.name == "openai" else "anthropic",
            input_file=input_file,
            items=items,
            created_at=time.time(),
            faults=faults,
            metadata=metadata,
            problems=problems,
        )
        self.keep(batch)
        return batch

    def keep(self, batch: SimulatedBatch) -> None:
        """Write *batch* down."""
        self.shelf.put(batch.id, batch.model_dump_json().encode())

    def find(self, name: str) -> SimulatedBatch:
        """The batch of that *name*.

        Raises:
            Refusal: If there is none.
        """
        data = self.shelf.get(name) if name.startswith(self.beginning) else None
        if data is None:
            raise Refusal("not_found", 404, f"No batch found with id '{name}'.")
        return SimulatedBatch.model_validate_json(data)

    def all(self) -> list[SimulatedBatch]:
        """Every batch, newest first."""
        return [self.find(name) for name in reversed(self.shelf.names(self.beginning))]

    def cancel(self, batch: SimulatedBatch) -> SimulatedBatch:
        """Stop *batch* where it is; a second time changes nothing.

        Raises:
            Refusal: If it is through.
        """
        if batch.cancelled_at is None:
            if batch.final(time.time()):
                raise Refusal("bad_request", 409, f"Cannot cancel the batch '{batch.id}': it is through.")
            batch = batch.model_copy(update={"cancelled_at": time.time()})
            self.keep(batch)
        return batch

    def results(self, batch: SimulatedBatch) -> Sequence[Result]:
        """What became of the items of a *batch* that is through."""
        if batch.id not in self.known:
            now = time.time()
            lines = b"" if batch.problems else self.shelf.get(batch.input_file) or b""
            self.known[batch.id] = Desk(batch, self.interface, self.model).results(lines, batch.worked(now))
        return self.known[batch.id]

    def settle(self, books: Books) -> None:
        """Enter the answers of every batch that is through into *books*, at the batch price, once."""
        now = time.time()
        for batch in self.all():
            if batch.billed or not batch.final(now):
                continue
            for result in self.results(batch):
                if result.said:
                    books.bill(result.said.asked, result.said.usage, batch=True)
            self.keep(batch.model_copy(update={"billed": True}))
