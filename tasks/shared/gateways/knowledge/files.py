"""Files of JSON lines that only grow, one whole transaction at a time.

What a killed writer left of a line, or of a group of lines, is cut off by the next writer.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from tasks.shared.errors import Inconclusive, StoreError


class Journal:
    """One file. A transaction is a line, or lines that end with one of the *closing* kinds."""

    def __init__(self, path: Path, closing: str) -> None:
        """*closing* is the key that only the last line of a transaction has."""
        self.path, self.closing = path, closing

    @property
    def size(self) -> int:
        """Bytes in the file; 0 where it is not there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def append(self, lines: Sequence[Any]) -> None:
        """Write *lines* as one or more whole transactions; they are on disk when this returns."""
        content = b"".join(orjson.dumps(line, default=str) + b"\n" for line in lines)
        with reaching(self.path), self.path.open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def transactions(self, start: int = 0) -> Iterator[tuple[int, int, list[Any]]]:
        """Offset, end and lines of every whole transaction from byte *start* on."""
        if not self.path.exists():
            return
        with reaching(self.path), self.path.open("rb") as file:
            file.seek(start)
            begun, end, lines = start, start, []
            for raw in file:
                if not raw.endswith(b"\n"):
                    return
                end += len(raw)
                try:
                    line = orjson.loads(raw)
                except orjson.JSONDecodeError as error:
                    raise StoreError(f"{self.path} is damaged at byte {begun}: {error}. Restore it.") from error
                lines.append(line)
                if self.closing in line:
                    yield begun, end, lines
                    begun, lines = end, []

    def at(self, offset: int) -> list[Any]:
        """The lines of the transaction that begins at byte *offset*."""
        return next(self.transactions(offset))[2]

    def mend(self, whole_until: int) -> None:
        """Cut off what a killed writer left after byte *whole_until*."""
        if self.size > whole_until:
            with reaching(self.path), self.path.open("r+b") as file:
                file.truncate(whole_until)


@contextmanager
def reaching(path: Path) -> Iterator[None]:
    """Turn what the operating system says into one line to act on."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"knowledge store {path} cannot be read or written: {error}. Check the folder.") from error


@contextmanager
def held(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock file at *path*; it dies with its holder.

    Raises Inconclusive where somebody else holds it and nobody is to *wait*.
    """
    with reaching(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise Inconclusive(
                f"another sync works on {path.parent.name!r} ({path}). Wait for its end, then run again."
            ) from error
        yield
