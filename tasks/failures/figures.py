"""What the rows of `failures` come to: failures by state, transitions, kinds of steps, windows compared. Pure."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.failures.taxonomy import NONE, Taxonomy
from tasks.shared.records import Window
from tasks.shared.statistics.intervals import wilson

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Share:
    """A count of `n` with its share and the share's 95 % interval; of nothing there is no share."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        """The share."""
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Wilson's interval. Runs are taken for independent."""
        return wilson(self.count, self.n) if self.n else (None, None)


@dataclass(frozen=True)
class Matrix:
    """Counts of failing runs by the last state that completed (rows) and the first that failed (columns).

    Only states that occur, in the taxonomy's order; `none` among the rows stands for runs whose first state failed.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def n(self) -> int:
        """All of them."""
        return sum(map(sum, self.counts))


def failing(rows: Rows) -> list[Mapping[str, Any]]:
    """The runs that failed."""
    return [row for row in rows if row["state"] != NONE]


def by_state(rows: Rows, taxonomy: Taxonomy) -> dict[str, Share]:
    """Every state with its share of the failures, in the taxonomy's order."""
    counts = Counter(row["state"] for row in failing(rows))
    return {state: Share(counts[state], counts.total()) for state in taxonomy.states}


def failure_rate(rows: Rows) -> Share:
    """The share of the runs that failed."""
    return Share(len(failing(rows)), len(rows))


def transitions(rows: Rows, taxonomy: Taxonomy) -> Matrix:
    """The matrix of `last_success` and `state` of the runs that failed."""
    cells = Counter((row["last_success"], row["state"]) for row in failing(rows))
    order = (NONE, *taxonomy.states)
    before = tuple(state for state in order if any(cell[0] == state for cell in cells))
    after = tuple(state for state in order if any(cell[1] == state for cell in cells))
    return Matrix(before, after, tuple(tuple(cells[one, other] for other in after) for one in before))


def by_kind(rows: Rows) -> dict[str, tuple[Share, Share]]:
    """For llm, tool, other and `missing` (no span): share of the failures, and how many of them have status ERROR."""
    failed = failing(rows)
    found = {}
    for kind in ("llm", "tool", "other", None):
        of_kind = [row for row in failed if row["step_kind"] == kind]
        if of_kind:
            loud = sum(row["step_status"] == "ERROR" for row in of_kind)
            found[kind or "missing"] = (Share(len(of_kind), len(failed)), Share(loud, len(of_kind)))
    return found


def by_source(rows: Rows) -> dict[str, int]:
    """How many runs were attributed by whose word."""
    return dict(sorted(Counter(str(row["source"]) for row in rows).items()))


def judged(rows: Rows) -> dict[str, int]:
    """How many runs have which status of the judge's decision; `not_asked` where there is none."""
    return dict(sorted(Counter(str(row["judge_status"] or "not_asked") for row in rows).items()))


def windows_before(window: Window, count: int) -> list[Window]:
    """So many windows of the same length right before *window*, oldest first."""
    length = window.end - window.start
    return [Window(window.start - back * length, window.end - back * length) for back in range(count, 0, -1)]


def in_windows(rows: Rows, windows: Sequence[Window]) -> list[tuple[Window, list[Mapping[str, Any]]]]:
    """The rows of each window, those without any left out."""
    found = [(each, [row for row in rows if each.start <= _at(row) < each.end]) for each in windows]
    return [(each, its) for each, its in found if its]


def _at(row: Mapping[str, Any]) -> dt.datetime:
    at: dt.datetime = row["start_time"]
    return at
