"""What is handed in as a batch and what comes of it, whatever the provider."""

import datetime as dt
import hashlib
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tasks.shared.gateways.llm.prompts import Messages
from tasks.shared.gateways.llm.replies import Reply

# From recording a batch to the end of handing it in, all tries and waits included. One that is not there by then never
# comes.
HANDED_IN_WITHIN = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Question:
    """One item of a batch. `custom_id`: 1 to 64 letters, digits, `_` or `-`, unique in the batch."""

    custom_id: str
    messages: Messages
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Submission:
    """What became of handing a batch in, or of looking for one.

    taken: the provider has it, as `provider_id`.
    absent: it has it not, for sure; nothing was or will be paid.
    unknown: nobody can tell now; look for it later.
    """

    kind: Literal["taken", "absent", "unknown"]
    provider_id: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Lost:
    """A batch whose submission nobody saw end.

    Attributes:
        own_id: The name it was to be handed in under.
        custom_ids: Those of all its items.
        recorded_at: A moment shortly before it was handed in.
        others: Provider ids of other batches, which it cannot be.
    """

    own_id: str
    custom_ids: Collection[str]
    recorded_at: dt.datetime
    others: Collection[str]


@dataclass(frozen=True)
class Progress:
    """How far a batch is. ended: there are results; failed: turned away whole, nothing was answered."""

    kind: Literal["under_way", "ended", "failed"]
    trouble: str = ""


class Batches(Protocol):
    """The batches of one model at one provider.

    What a provider does wrong is raised as ServiceUnavailable (try again later) or ServiceRefused, except by `submit`.
    """

    async def submit(self, own_id: str, questions: Iterable[Question]) -> Submission:
        """Hand *questions* in under the name *own_id*. Nothing is sent twice unless the first was surely not taken."""
        ...

    async def find(self, lost: Lost) -> Submission:
        """Look for a batch of which nobody saw whether it was taken."""
        ...

    async def look(self, provider_id: str) -> Progress:
        """How far the batch is."""
        ...

    async def cancel(self, provider_id: str) -> None:
        """Ask for the batch to be stopped; what is answered stays, and is paid."""
        ...

    def results(self, provider_id: str) -> AsyncGenerator[tuple[str, Reply]]:
        """The `custom_id` and the reply of each item of a batch that has ended, in any order, read as they come.

        `failed` are items that expired, were cancelled or met an error of the provider's; `refused` those it will not
        answer. Neither costs.
        """
        ...


def custom_id(batch: str, unit_id: str, title: str, digest: str) -> str:
    """The name of a question in a batch: of unit, asker, version and prompt, in characters that all take."""
    return hashlib.sha256("|".join((batch, unit_id, title, digest)).encode()).hexdigest()[:32]
