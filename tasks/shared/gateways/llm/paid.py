"""One try at a model, with its money: reserved before, and nothing left open after."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tasks.shared.gateways.llm.pace import Pace
from tasks.shared.gateways.llm.replies import Reply
from tasks.shared.store.ledger import Ledger

T = TypeVar("T")


async def paid_try(
    pace: Pace, ledger: Ledger, reserve: Callable[[], int | T], ask: Callable[[], Awaitable[Reply]]
) -> tuple[int, Reply] | T:
    """Wait for room at the provider, *reserve*, *ask*, and put into the books what is certain of the end.

    A call whose end nobody saw is lost, one that was turned away is released. What is left to the caller is to settle
    the call, where the reply is not lost and tells its usage.

    Returns:
        The number of the call and its reply; or what *reserve* returned in place of a number.
    """
    async with pace.turn():
        number = reserve()
        if not isinstance(number, int):
            return number
        reply = await ask()
    if reply.kind == "busy":
        pace.refused(reply.retry_after_seconds)
    elif reply.kind == "answered":
        pace.well()
    if reply.kind == "lost" or (reply.usage is None and reply.kind in {"answered", "unparseable"}):
        ledger.lose(number)
    elif reply.usage is None:
        ledger.release(number)
    return number, reply
