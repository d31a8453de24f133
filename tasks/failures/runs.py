"""The runs of an agent as the lake has them: a root and its steps in order, each step in a state of the taxonomy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

from tasks.failures.taxonomy import Taxonomy
from tasks.shared.gateways.phoenix import Thrown
from tasks.shared.records import REACH_HOURS, Window
from tasks.shared.store.lake import Lake

TOOLS = frozenset({"TOOL", "RETRIEVER", "RERANKER", "EMBEDDING", "GUARDRAIL"})
Row = Mapping[str, Any]
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Step:
    """A span below the root. `state` is its own name or that of the nearest span above it that is a state."""

    state: str | None
    row: Row

    @property
    def span_id(self) -> str:
        """The span."""
        return str(self.row["span_id"])

    @property
    def kind(self) -> str:
        """What did the step: llm, tool or other."""
        kind = self.row["kind"]
        return "llm" if kind == "LLM" else "tool" if kind in TOOLS else "other"


@dataclass(frozen=True)
class Run:
    """One trace: its root span, and the steps below it by their start."""

    root: Row
    steps: tuple[Step, ...]

    @property
    def trace_id(self) -> str:
        """The trace."""
        return str(self.root["trace_id"])

    def visited(self) -> list[str]:
        """The states in the order in which they were entered first."""
        return list(dict.fromkeys(step.state for step in self.steps if step.state))

    def step_of(self, state: str) -> Step | None:
        """The last step of *state*: what came of it. Its own span rather than one below it."""
        steps = [step for step in self.steps if step.state == state]
        own = [step for step in steps if step.row["name"] == state]
        return (own or steps)[-1] if steps else None


@dataclass(frozen=True)
class Spans:
    """The spans of some runs, run by run, the root first; of a week's only a few at a time are objects of Python's.

    `thrown` are by span id the exceptions of spans whose status is not ERROR, which the lake does not have.
    """

    table: pa.Table
    thrown: Mapping[str, Thrown] = field(default_factory=dict)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The spans one by one."""
        for batch in self.table.to_batches(max_chunksize=ROWS_AT_ONCE):
            for row in batch.to_pylist():
                if said := self.thrown.get(row["span_id"]):
                    row |= {"exception_event": True, "exception_type": said.type, "exception_message": said.message}
                yield row

    def trace_ids(self) -> list[str]:
        """The runs in their order."""
        return list(self.table["trace_id"].unique().to_pylist())


def spans_of(lake: Lake, project: str, window: Window, roots: Sequence[str]) -> Spans:
    """The spans of the runs that begin in *window*."""
    query = files("tasks.failures").joinpath("runs.sql").read_text(encoding="utf-8")
    values = {"start": window.start, "end": window.end, "roots": list(roots)}
    return Spans(lake.sql(query, project, window.around(REACH_HOURS["trace"]), values))


def names_of(rows: Iterable[Row]) -> Iterator[list[str]]:
    """Per run, the names of the spans below the root."""
    for _, spans in groupby(rows, key=itemgetter("trace_id")):
        yield [span["name"] for span in spans if span["place"] > 1]


def runs_of(rows: Iterable[Row], taxonomy: Taxonomy) -> Iterator[Run]:
    """The runs in *rows* (ordered by trace and place)."""
    for _, spans in groupby(rows, key=itemgetter("trace_id")):
        root, *below = spans
        by_id = {span["span_id"]: span for span in below}
        yield Run(root, tuple(Step(_state(span, by_id, taxonomy), span) for span in _in_time(below)))


def _in_time(spans: list[Row]) -> list[Row]:
    return sorted(spans, key=lambda span: (span["start_time"], span["place"]))


def _state(span: Row | None, by_id: Mapping[str, Row], taxonomy: Taxonomy) -> str | None:
    seen = set[str]()  # of spans that are each other's parents, as broken instrumentation has them
    while span is not None and span["span_id"] not in seen:
        if span["name"] in taxonomy.places:
            return str(span["name"])
        seen.add(span["span_id"])
        span = by_id.get(span["parent_id"] or "")
    return None
