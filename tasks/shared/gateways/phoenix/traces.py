"""Traces sent to Phoenix, each span with the ids and times it really has, and looked up afterwards.

Phoenix says 200 before it has stored a span, ignores a span whose id it has, and makes a project with its first span.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.phoenix.failures import shown_url
from tasks.shared.settings import PhoenixSettings

if TYPE_CHECKING:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import ReadableSpan

OPENINFERENCE_PROJECT = "openinference.project.name"
SPANS_PER_CALL = 200
LOOK_EVERY_SECONDS = 0.1
PATIENCE_SECONDS = 10.0
Attribute = str | int | float | bool


@dataclass(frozen=True)
class SentSpan:
    """A root span, the only one of its trace; *attributes* are flat, with dotted keys. With an *error* it failed."""

    trace_id: str
    span_id: str
    name: str
    start_time: dt.datetime
    end_time: dt.datetime
    attributes: Mapping[str, Attribute]
    error: str | None = None


@dataclass(frozen=True)
class TraceReceipt:
    """What became of the spans: sent and stored, stored before, or accepted by Phoenix and not stored in time."""

    written: int = 0
    already_there: int = 0
    missing: int = 0


async def ensure(
    settings: PhoenixSettings,
    project: str,
    spans: Sequence[SentSpan],
    stored: Callable[[Sequence[SentSpan]], Awaitable[set[str]]],
) -> TraceReceipt:
    """Send those of *spans* that Phoenix lacks, and wait until it has stored them.

    Args:
        settings: Where Phoenix is.
        project: The project they go to.
        spans: The spans.
        stored: Tells ids of spans that Phoenix has.

    Raises:
        ServiceUnavailable: Phoenix does not take them.
    """
    there = await stored(spans)
    new = [span for span in spans if span.span_id not in there]
    if not new:
        return TraceReceipt(already_there=len(spans))
    await asyncio.to_thread(_send, settings, project, new)
    missing, waited = new, 0.0
    while missing and waited < PATIENCE_SECONDS:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        found = await stored(missing)
        waited = 0.0 if found else waited + LOOK_EVERY_SECONDS
        missing = [span for span in missing if span.span_id not in found]
    return TraceReceipt(len(new) - len(missing), len(spans) - len(new), len(missing))


def exporter(settings: PhoenixSettings) -> "OTLPSpanExporter":
    """What sends spans to Phoenix over OTLP, with its key."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    if settings.api_key is not None:
        headers["authorization"] = f"Bearer {settings.api_key.get_secret_value()}"
    return OTLPSpanExporter(f"{settings.url.rstrip('/')}/v1/traces", headers=headers)


def _send(settings: PhoenixSettings, project: str, spans: Sequence[SentSpan]) -> None:
    from opentelemetry.sdk.trace.export import SpanExportResult

    sender = exporter(settings)
    try:
        for start in range(0, len(spans), SPANS_PER_CALL):
            some = [_readable(span, project) for span in spans[start : start + SPANS_PER_CALL]]
            if sender.export(some) is not SpanExportResult.SUCCESS:
                raise ServiceUnavailable(
                    f"Phoenix at {shown_url(settings.url)} did not take {len(some)} spans of project {project}. "
                    "Check that it runs and takes the key; then run again."
                )
    finally:
        sender.shutdown()  # type: ignore[no-untyped-call]


def _readable(span: SentSpan, project: str) -> "ReadableSpan":
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, Status, StatusCode

    status = Status(StatusCode.OK) if span.error is None else Status(StatusCode.ERROR, span.error)
    return ReadableSpan(
        name=span.name,
        context=SpanContext(int(span.trace_id, 16), int(span.span_id, 16), is_remote=False),
        resource=Resource({OPENINFERENCE_PROJECT: project, "service.name": "nightjar"}),
        attributes=span.attributes,
        status=status,
        start_time=_nanoseconds(span.start_time),
        end_time=_nanoseconds(span.end_time),
    )


def _nanoseconds(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 1000
