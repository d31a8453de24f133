"""The words of the domain as frozen records. No behaviour beyond their own arithmetic."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, get_args

from tasks.shared.errors import ConfigurationError

UTC = dt.UTC
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)

Unit = Literal["span", "trace", "session"]
EvaluatorKind = Literal["code", "llm"]
Direction = Literal["maximize", "minimize"]
# What a report is of: a UTC day, an ISO week (Monday to Sunday), a calendar month.
Edition = Literal["day", "week", "month"]
EDITIONS: tuple[Edition, ...] = get_args(Edition)
Status = Literal["scored", "not_applicable", "sampled_out", "errored", "unparseable", "budget_stopped", "pending"]
# Why Phoenix's cost of a model is another than Nightjar's.
CostReason = Literal[
    "same", "unknown_to_phoenix", "unknown_here", "unknown_to_both", "different_price", "priced_later",
    "different_tokens", "discount", "not_llm", "not_here",
]  # fmt: skip
# What a message to people or machines is about.
Event = Literal["report", "raised", "renewed", "acknowledged", "resolved", "digest"]
Severity = Literal["info", "warning", "critical"]

# How far around a window the spans of its units are looked for. A trace or a session that pauses longer than that is
# taken for two.
REACH_HOURS: dict[Unit, int] = {"span": 0, "trace": 6, "session": 24}

# OpenInference's span kinds.
SPAN_KINDS = (
    *("AGENT", "CHAIN", "DECISION", "EMBEDDING", "EVALUATOR", "GUARDRAIL"),
    *("LLM", "PROMPT", "RERANKER", "RETRIEVER", "TOOL", "UNKNOWN"),
)
STATUS_CODES = ("OK", "ERROR", "UNSET")
# How the explanation begins where a pairwise judge's verdict changed with the order of the two.
ORDER_DECIDED = "the verdict depends on the order"
# What the identifiers of the annotations that Nightjar publishes begin with.
OWN_IDENTIFIER = "nightjar:"
# What those of people's feedback begin with that Nightjar brought to Phoenix. It is a person's word and no decision, so
# it comes back into `annotations` like any other; who reads `feedback` too leaves these out there.
FEEDBACK_IDENTIFIER = "feedback:"


@dataclass(frozen=True, order=True)
class Window:
    """`[start, end)` in UTC, whole hours."""

    start: dt.datetime
    end: dt.datetime

    def __post_init__(self) -> None:
        """Refuse naive, non-UTC, fractional-hour and empty windows."""
        for name, value in (("start", self.start), ("end", self.end)):
            if value.utcoffset() != dt.timedelta(0):
                raise ConfigurationError(f"window {name} {value} is not in UTC. Give it as 2026-11-19T05:00Z.")
            if value != value.replace(minute=0, second=0, microsecond=0):
                raise ConfigurationError(f"window {name} {value} is not a whole hour. Round it to the hour.")
        if self.start >= self.end:
            raise ConfigurationError(f"window {self.start} to {self.end} is empty. End must come after start.")

    @classmethod
    def of_day(cls, day: dt.date) -> "Window":
        """The 24 hours of one UTC day."""
        start = dt.datetime.combine(day, dt.time(), tzinfo=UTC)
        return cls(start, start + dt.timedelta(days=1))

    @classmethod
    def of_edition(cls, edition: Edition, day: dt.date) -> "Window":
        """The UTC day, the ISO week or the month that *day* is in."""
        match edition:
            case "day":
                return cls.of_day(day)
            case "week":
                first = day - dt.timedelta(days=day.weekday())
                last = first + dt.timedelta(days=6)
            case "month":
                first = day.replace(day=1)
                last = (first + dt.timedelta(days=31)).replace(day=1) - DAY
        return cls(cls.of_day(first).start, cls.of_day(last).end)

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Read `2026-11-19` (a day) or `2026-11-19T05:00Z/2026-11-19T07:00Z` (an ISO 8601 interval)."""
        try:
            if "/" not in text:
                return cls.of_day(dt.date.fromisoformat(text))
            start, end = (dt.datetime.fromisoformat(part) for part in text.split("/"))
        except ValueError as error:
            raise ConfigurationError(
                f"window {text!r} is not understood. Write a day (2026-11-19) or start/end "
                "(2026-11-19T05:00Z/2026-11-19T07:00Z)."
            ) from error
        return cls(
            start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC),
            end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC),
        )

    def hours(self) -> Iterator[dt.datetime]:
        """The start of each hour in the window."""
        hour = self.start
        while hour < self.end:
            yield hour
            hour += HOUR

    def days(self) -> tuple[dt.date, ...]:
        """The UTC dates the window touches, in order."""
        last = (self.end - dt.timedelta(microseconds=1)).date()
        count = (last - self.start.date()).days + 1
        return tuple(self.start.date() + dt.timedelta(days=i) for i in range(count))

    def editions(self, edition: Edition) -> tuple["Window", ...]:
        """The days, weeks or months that the window touches, whole and in order."""
        return tuple(dict.fromkeys(Window.of_edition(edition, day) for day in self.days()))

    def by_day(self) -> Iterator["Window"]:
        """The window cut at midnights, oldest part first."""
        for day in self.days():
            whole = Window.of_day(day)
            yield Window(max(whole.start, self.start), min(whole.end, self.end))

    def reaching_back(self, hours: int) -> "Window":
        """The same end, with the start *hours* earlier."""
        return Window(self.start - hours * HOUR, self.end)

    def around(self, hours: int) -> "Window":
        """The window with *hours* more at both ends."""
        return Window(self.start - hours * HOUR, self.end + hours * HOUR)

    def __str__(self) -> str:
        """A day as its date, anything else as an ISO 8601 interval."""
        if self == Window.of_day(self.start.date()):
            return self.start.date().isoformat()
        return f"{self.start:%Y-%m-%dT%H:%MZ}/{self.end:%Y-%m-%dT%H:%MZ}"


@dataclass(frozen=True)
class Batch:
    """A task's receipt: which rows of which table it left in the lake, never the rows themselves.

    `counts` says what happened on the way (read, changed, quarantined, published ...); `changed_days` names the
    UTC days whose content is new; `notes` are sentences for people. With `doubts` the result is inconclusive. `ids`
    names what the next step goes on with (`baseline` and `candidate` of an experiment, `verdict` of a gate).
    """

    table: str
    project: str
    window: Window
    rows: int
    counts: Mapping[str, int] = field(default_factory=dict)
    changed_days: tuple[dt.date, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """A named number over a window and a dimension; never without n, coverage and an interval.

    `dimension` is empty for the whole window, else `key=value` (`model=gpt-4o`). `coverage` is the share of eligible
    units that `n` speaks for. `low` and `high` bound a 95 % interval; both are None where `value` is an exact count.
    `worst` and `best` are what the value would be if every score that is missing were the worst, or the best; both are
    None where none is missing.
    """

    name: str
    value: float
    n: int
    coverage: float
    low: float | None = None
    high: float | None = None
    dimension: str = ""
    unit: str = ""
    worst: float | None = None
    best: float | None = None


@dataclass(frozen=True)
class Score:
    """An evaluator's answer on one unit."""

    score: float | None = None
    label: str | None = None
    explanation: str | None = None


@dataclass(frozen=True)
class Evaluator:
    """A named, versioned question about a unit. The name is the name of the file that declares it.

    `needs` are columns of the unit's view, passed to `score` as keyword arguments; `select` is a SQL predicate over
    that view saying which units are eligible. `score` returns a Score, a number, a bool, a label, or None for "not
    applicable"; an object of phoenix-evals with `.evaluate(mapping)` is accepted in its place.
    `parameters` names settings (fields of EvaluatorSettings) that `score` takes as further keyword arguments.
    """

    unit: Unit
    needs: tuple[str, ...]
    score: Callable[..., Any] | Any
    version: str = "1"
    select: str = "true"
    direction: Direction = "maximize"
    kind: EvaluatorKind = "code"
    parameters: tuple[str, ...] = ()


class RawSpan(TypedDict):
    """A span as a gateway hands it over, the same from every route.

    `attributes` is the nested form Phoenix stores (`{"llm": {"input_messages": [{"message": {...}}]}}`); times are
    ISO 8601 text; `events` is None where it was not fetched.
    """

    span_id: str
    trace_id: str
    parent_id: str | None
    name: str
    kind: str
    status_code: str
    status_message: str
    start_time: str
    end_time: str
    attributes: dict[str, Any]
    events: list[dict[str, Any]] | None
