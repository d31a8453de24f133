"""Measured hours of many series, and what a window of them comes to."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from tasks.shared.records import HOUR
from tasks.shared.statistics.sketch import parsed
from tasks.shared.statistics.sums import Sums, added_up

LEAST_KNOWN = 0.75
# Windows of fifty series that slide by an hour read the same day of sketches over and over.
SKETCHES_KEPT = 2048
SUMS = tuple(each.name for each in fields(Sums))


@dataclass(frozen=True)
class Hour:
    """One series in one hour."""

    sums: Sums
    sketch: str = ""
    example: str = ""


@dataclass(frozen=True)
class Added:
    """One series over a window: the sums of its hours, their sketch, and the newest example."""

    sums: Sums
    sketch: Counter[int]
    example: str


@dataclass
class History:
    """Hours by measure, series and start. `measured` are the hours of each measure that are known at all."""

    hours: dict[tuple[str, str], dict[dt.datetime, Hour]] = field(default_factory=lambda: defaultdict(dict))
    measured: dict[str, set[dt.datetime]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> "History":
        """The history that rows of `measurements` tell."""
        history = cls()
        for row in rows:
            hour = Hour(Sums(*(row[name] for name in SUMS)), row["sketch"], row["example"] or "")
            history.add(row["measure"], row["dimension"], row["start_time"], hour)
        return history

    def add(self, measure: str, dimension: str, start: dt.datetime, hour: Hour) -> None:
        """Note an hour of a series."""
        self.hours[measure, dimension][start] = hour
        self.measured[measure].add(start)

    def series(self, measure: str, by: str) -> list[str]:
        """The series of a dimension, in order; the whole project where *by* is empty."""
        if not by:
            return [""]
        return sorted(name for of, name in self.hours if of == measure and name.startswith(f"{by}="))

    def window(
        self, measure: str, series: str, end: dt.datetime, hours: int, *, least: float = LEAST_KNOWN
    ) -> Added | None:
        """The *hours* before *end*; None where too little of them is known.

        The last hour has to be measured, and a share of *least* of all: ingestion may have given up on an hour.
        """
        starts, known = hours_before(end, hours), self.measured[measure]
        if starts[-1] not in known or sum(start in known for start in starts) < least * len(starts):
            return None
        mine = self.hours.get((measure, series), {})
        found = [mine[start] for start in starts if start in mine]
        sketch = Counter[int]()
        for hour in found:
            if hour.sketch:
                sketch.update(_parsed(hour.sketch))
        return Added(
            added_up(hour.sums for hour in found),
            sketch,
            next((hour.example for hour in reversed(found) if hour.example), ""),
        )


@lru_cache(maxsize=SKETCHES_KEPT)
def _parsed(sketch: str) -> Counter[int]:
    return parsed(sketch)


def hours_before(end: dt.datetime, hours: int) -> list[dt.datetime]:
    """The starts of the *hours* before *end*, in order."""
    return [end - back * HOUR for back in range(hours, 0, -1)]
