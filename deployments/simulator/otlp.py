"""Simulated spans as OTLP protobuf: backdated and with chosen ids, which the SDK's tracer does not let one do."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from deployments.simulator.spans import SimulatedSpan

STATUS = {
    "UNSET": trace_pb2.Status.STATUS_CODE_UNSET,
    "OK": trace_pb2.Status.STATUS_CODE_OK,
    "ERROR": trace_pb2.Status.STATUS_CODE_ERROR,
}


def to_request(spans: Sequence[SimulatedSpan], project: str) -> ExportTraceServiceRequest:
    """The OTLP request for *spans*, one resource per service."""
    message = ExportTraceServiceRequest()
    by_service = sorted(spans, key=lambda span: span.service)
    for service, group in groupby(by_service, key=lambda span: span.service):
        resource_spans = message.resource_spans.add()
        attributes = {"openinference.project.name": project, "service.name": service}
        resource_spans.resource.attributes.extend(key_values(attributes.items()))
        scope_spans = resource_spans.scope_spans.add()
        scope_spans.scope.name = "deployments.simulator"
        scope_spans.spans.extend(map(to_span, group))
    return message


def to_span(span: SimulatedSpan) -> trace_pb2.Span:
    """One span as OTLP protobuf."""
    message = trace_pb2.Span(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id or ""),
        name=span.name,
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=key_values(span.attributes.items()),
        status=trace_pb2.Status(code=STATUS[span.status], message=span.failure.message if span.failure else ""),
    )
    if span.failure:
        event = message.events.add(name="exception", time_unix_nano=span.end_ns)
        event.attributes.extend(key_values(span.failure.attributes.items()))
    return message


def key_values(attributes: Iterable[tuple[str, Any]]) -> list[KeyValue]:
    """Attributes as OTLP protobuf; None is left out, as in the SDK."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes if value is not None]


def any_value(value: Any) -> AnyValue:
    """A text, flag, number or list of those as OTLP protobuf."""
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
