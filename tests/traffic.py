"""Spans for tests, put into a real Phoenix over OTLP. Phoenix accepts before it has stored, so `ingest` waits."""

import datetime as dt
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

STATUS = {"UNSET": Status.STATUS_CODE_UNSET, "OK": Status.STATUS_CODE_OK, "ERROR": Status.STATUS_CODE_ERROR}


def new_trace_id() -> str:
    """A random 32-digit OpenTelemetry trace id."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """A random 16-digit OpenTelemetry span id."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class TestEvent:
    """An event of a span; an exception has the name `exception` and `exception.type`, `exception.message`."""

    __test__ = False

    name: str
    time: dt.datetime
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TestSpan:
    """One span as an instrumented application would send it; `attributes` are flat, with dotted keys."""

    __test__ = False

    start: dt.datetime
    name: str = "step"
    attributes: dict[str, Any] = field(default_factory=dict)
    trace_id: str = field(default_factory=new_trace_id)
    span_id: str = field(default_factory=new_span_id)
    parent_id: str | None = None
    latency_ms: float = 10.0
    status: str = "OK"
    status_message: str = ""
    events: Sequence[TestEvent] = ()
    end: dt.datetime | None = None


def ingest(phoenix_url: str, project: str, spans: Sequence[TestSpan], timeout_seconds: float = 60.0) -> None:
    """Send *spans* to *project* and return when Phoenix has stored every one of them."""
    with httpx.Client(base_url=phoenix_url, timeout=30) as client:
        for start in range(0, len(spans), 500):
            _export(client, project, spans[start : start + 500])
        _wait_until_stored(client, project, {s.span_id: s.trace_id for s in spans}, timeout_seconds)


def _export(client: httpx.Client, project: str, spans: Sequence[TestSpan]) -> None:
    while True:
        answer = client.post(
            "/v1/traces",
            content=otlp(project, spans).SerializeToString(),
            headers={"content-type": "application/x-protobuf"},
        )
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            answer.raise_for_status()
            return
        time.sleep(0.5)


def _wait_until_stored(client: httpx.Client, project: str, sent: dict[str, str], timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    missing = set(sent)
    while missing:
        traces = sorted({sent[span_id] for span_id in missing})
        for start in range(0, len(traces), 100):
            missing -= _stored(client, project, traces[start : start + 100])
        if not missing:
            return
        if time.monotonic() > deadline:
            message = f"Phoenix stored {len(sent) - len(missing)} of {len(sent)} spans within {timeout_seconds} s"
            raise TimeoutError(message)
        time.sleep(0.05)


def _stored(client: httpx.Client, project: str, trace_ids: Sequence[str]) -> set[str]:
    body = {
        "queries": [{"select": {"name": {"key": "name"}}, "filter": {"condition": f"trace_id in {list(trace_ids)!r}"}}],
        "limit": 1_000_000,
    }
    answer = client.post(
        "/v1/spans", params={"project_name": project}, json=body, headers={"accept": "application/json"}
    )
    answer.raise_for_status()
    lines = answer.text.split("\r\n")
    return {row["0_context.span_id"] for row in httpx.Response(200, text=lines[3]).json()["data"]}


def otlp(project: str, spans: Iterable[TestSpan]) -> ExportTraceServiceRequest:
    """The OTLP export request for *spans*; an attribute `service.name` goes to the resource, where SDKs put it."""
    by_service: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        by_service[str(span.attributes.get("service.name", ""))].append(_otlp_span(span))
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                resource=Resource(attributes=_key_values(_resource(project, service))),
                scope_spans=[ScopeSpans(spans=members)],
            )
            for service, members in by_service.items()
        ]
    )


def _resource(project: str, service: str) -> dict[str, Any]:
    return {"openinference.project.name": project} | ({"service.name": service} if service else {})


def _otlp_span(span: TestSpan) -> Span:
    end = span.end if span.end is not None else span.start + dt.timedelta(milliseconds=span.latency_ms)
    return Span(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id or ""),
        name=span.name,
        start_time_unix_nano=_nanoseconds(span.start),
        end_time_unix_nano=_nanoseconds(end),
        attributes=_key_values(span.attributes),
        status=Status(code=STATUS[span.status], message=span.status_message),
        events=[
            Span.Event(name=e.name, time_unix_nano=_nanoseconds(e.time), attributes=_key_values(e.attributes))
            for e in span.events
        ],
    )


def _nanoseconds(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 1000


def _key_values(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in attributes.items()]


def _any_value(value: Any) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case list() | tuple():
            return AnyValue(array_value=ArrayValue(values=[_any_value(v) for v in value]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=_key_values(value)))
        case None:
            return AnyValue()
    return AnyValue(string_value=str(value))
