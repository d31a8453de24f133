"""Sending what may cost money twice, and what a failure of it means."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from tasks.shared.errors import ServiceError, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.llm.batches.batch import Submission
from tasks.shared.gateways.llm.model import SERVER_ERRORS, TOO_MANY, WORDS_AT_MOST, WORTH_ANOTHER_TRY, never_sent
from tasks.shared.retries import seconds_to_wait

IN_MEMORY_BYTES = 1024 * 1024
# Handing in tens of megabytes takes longer than a question.
TIMEOUT_SECONDS = 300.0


@contextmanager
def spooled(pieces: Iterator[bytes]) -> Iterator[IO[bytes]]:
    """A file of *pieces*, on disk when it grows large."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        file.writelines(pieces)
        file.seek(0)
        yield file


@contextmanager
def plainly(what: str) -> Iterator[None]:
    """Raise what an SDK, or the HTTP client below it, raises as a ServiceError that says *what* was asked for."""
    try:
        yield
    except ServiceError:
        raise
    except Exception as error:
        status = _status(error)
        temporary = status is None or status >= SERVER_ERRORS or status in TOO_MANY | WORTH_ANOTHER_TRY
        advice = "Run again later." if temporary else "Check the key and the batch at the provider."
        raise (ServiceUnavailable if temporary else ServiceRefused)(f"{what}: {words(error)}. {advice}") from error


async def sent(send: Callable[[], Awaitable[str]], tries: int, backoff_seconds: float) -> Submission:
    """What came of *send*, which hands a batch in and returns its id. It is repeated only where nothing was taken."""
    for number in range(1, tries + 1):
        try:
            return Submission("taken", await send())
        except Exception as error:  # noqa: BLE001 - every SDK raises its own
            trouble = words(error)
            again = never_sent(error) or _status(error) in TOO_MANY
            if not again:
                status = _status(error)
                refused = status is not None and status < SERVER_ERRORS and status not in WORTH_ANOTHER_TRY
                return Submission("absent" if refused else "unknown", trouble=trouble)
            if number < tries:
                await asyncio.sleep(_wait(error, number, backoff_seconds))
    return Submission("absent", trouble=f"not taken after {tries} tries, the last one: {trouble}")


def words(error: Exception) -> str:
    """An error in one short line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:WORDS_AT_MOST]


def _status(error: Any) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _wait(error: Any, tries: int, backoff_seconds: float) -> float:
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        asked_for = float(headers.get("retry-after", ""))
    except ValueError:
        asked_for = None
    return seconds_to_wait(tries, backoff_seconds, asked_for)
