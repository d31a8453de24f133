"""Spans that were fetched and hold nothing new: a note that spares the next sync the fetch, and may be lost."""

from collections.abc import Iterable
from pathlib import Path

from tasks.shared.gateways.knowledge.files import reaching


class PassedOver:
    """A file with the id of a span on each line."""

    def __init__(self, path: Path) -> None:
        """Nothing is made before the first id is added."""
        self.path = path

    def span_ids(self) -> frozenset[str]:
        """Every id in the file."""
        if not self.path.exists():
            return frozenset()
        with reaching(self.path):
            return frozenset(self.path.read_text(encoding="ascii").split())

    def add(self, span_ids: Iterable[str]) -> None:
        """Add *span_ids*. A line that a killed writer left half is the id of no span."""
        lines = "".join(f"\n{each}" for each in span_ids)
        with reaching(self.path), self.path.open("a", encoding="ascii") as file:
            file.write(lines)
