"""Rounds of several prompts, one after the other: one that cannot end keeps no other from ending."""

from collections.abc import Awaitable, Callable, Iterable

from tasks.shared.errors import Inconclusive
from tasks.shared.records import Batch


async def each_round(prompts: Iterable[str], ended: Callable[[str], Awaitable[Batch]]) -> list[Batch]:
    """The receipts of *ended*, which begins and ends the round of a prompt.

    Raises:
        Inconclusive: Some round could not end; every other one has.
    """
    receipts, open_rounds = list[Batch](), list[str]()
    for prompt in prompts:
        try:
            receipts.append(await ended(prompt))
        except Inconclusive as doubt:
            open_rounds.append(f"{prompt}: {doubt}")
    if open_rounds:
        raise Inconclusive(" ".join(open_rounds), doubts=open_rounds)
    return receipts
