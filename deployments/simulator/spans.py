"""Simulated spans, and the recorder that lays the steps of one trace on a clock."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from deployments.simulator.prices import Usage

NS_PER_MS = 1_000_000
SpanStatus = Literal["OK", "ERROR", "UNSET"]


@dataclass(frozen=True)
class SimulatedFailure:
    """An exception as an instrumentation records it."""

    type: str
    message: str

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the exception event."""
        trace = f'Traceback (most recent call last):\n  File "app.py", line 88, in step\n{self.type}: {self.message}'
        return {"exception.type": self.type, "exception.message": self.message, "exception.stacktrace": trace}


@dataclass(frozen=True)
class SimulatedSpan:
    """One span: ids in hex, times in ns since the epoch, flat attributes. `usage` is what truth knows of its tokens."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    kind: str
    start_ns: int
    end_ns: int
    service: str
    attributes: Mapping[str, Any]
    status: SpanStatus = "OK"
    failure: SimulatedFailure | None = None
    usage: Usage | None = None


@dataclass
class Facts:
    """What was injected into one trace; the truth is made of these."""

    failed_at: str | None = None
    failed_span: str | None = None
    refused_by: str | None = None
    hallucinated: dict[str, str] = field(default_factory=dict)
    misled: list[str] = field(default_factory=list)
    invalid_tool_calls: dict[str, str] = field(default_factory=dict)
    invalid_json: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    incident_calls: list[str] = field(default_factory=list)
    incident_errors: list[str] = field(default_factory=list)
    dialects: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SimulatedTrace:
    """The spans of one trace, root first, with what was injected into it."""

    spans: tuple[SimulatedSpan, ...]
    facts: Facts


def trace_id_of(*parts: object) -> str:
    """32 hex digits that depend on *parts* only."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


class Recorder:
    """Records one simulated trace: a root and the steps below it, one after the other."""

    def __init__(self, trace_id: str, start_ns: int, service: str, context: Mapping[str, Any]) -> None:
        self.trace_id, self.start_ns, self.clock_ns, self.service = trace_id, start_ns, start_ns, service
        # Phoenix drops the resource of a span, so service.name travels on the span as well.
        self.context = {"service.name": service, **context}
        self.steps: list[SimulatedSpan] = []
        self.facts = Facts()

    def span_id(self, index: int) -> str:
        """Id of the root (0) or of the step with that number (from 1)."""
        return hashlib.sha256(f"{self.trace_id}/{index}".encode()).hexdigest()[:16]

    @property
    def next_span_id(self) -> str:
        """Id that the next step will have."""
        return self.span_id(len(self.steps) + 1)

    def step(
        self,
        name: str,
        kind: str,
        duration_ms: float,
        attributes: Mapping[str, Any],
        *,
        failure: SimulatedFailure | None = None,
        usage: Usage | None = None,
    ) -> SimulatedSpan:
        """Record the next step; the clock moves to its end plus a little glue time."""
        span = SimulatedSpan(
            trace_id=self.trace_id,
            span_id=self.next_span_id,
            parent_id=self.span_id(0),
            name=name,
            kind=kind,
            start_ns=self.clock_ns,
            end_ns=self.clock_ns + int(duration_ms * NS_PER_MS),
            service=self.service,
            attributes={**self.context, "openinference.span.kind": kind, **attributes},
            status="ERROR" if failure else "OK",
            failure=failure,
            usage=usage,
        )
        self.steps.append(span)
        self.clock_ns = span.end_ns + 2 * NS_PER_MS
        return span

    def finish(
        self, name: str, kind: str, attributes: Mapping[str, Any], failure: SimulatedFailure | None = None
    ) -> SimulatedTrace:
        """Close the trace with its root."""
        root = SimulatedSpan(
            trace_id=self.trace_id,
            span_id=self.span_id(0),
            parent_id=None,
            name=name,
            kind=kind,
            start_ns=self.start_ns,
            end_ns=self.clock_ns,
            service=self.service,
            attributes={**self.context, "openinference.span.kind": kind, **attributes},
            status="ERROR" if failure else "OK",
            failure=failure,
        )
        return SimulatedTrace((root, *self.steps), self.facts)
