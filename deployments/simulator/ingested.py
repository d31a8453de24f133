"""Simulated spans straight into a lake, as ingestion would leave them, without a Phoenix between."""

import datetime as dt
import json
from collections.abc import Iterable

from deployments.simulator.rhythm import NS_PER_S
from deployments.simulator.simulation import Simulation
from deployments.simulator.spans import SimulatedSpan
from tasks.fetch.normalise import normalise
from tasks.shared.gateways.phoenix.attributes import unflatten
from tasks.shared.prices import PriceTable
from tasks.shared.records import RawSpan, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS


def ingest(simulation: Simulation, lake: Lake, project: str = "") -> Window:
    """Write the spans of *simulation* into *lake*, under *project* or its own; returns the days they are of."""
    days = sorted(simulation.truth.days)
    window = Window(Window.of_day(days[0]).start, Window.of_day(days[-1]).end + dt.timedelta(days=1))
    found = normalise(list(raw_spans(simulation.spans)), window, PriceTable.shipped())
    lake.write(SPANS, project or simulation.project, window, found.rows)
    return Window(window.start, Window.of_day(days[-1]).end)


def raw_spans(spans: Iterable[SimulatedSpan]) -> Iterable[RawSpan]:
    """The spans as Phoenix's gateway would hand them over."""
    for span in spans:
        attributes = {name: value for name, value in span.attributes.items() if value is not None}
        yield RawSpan(
            span_id=span.span_id,
            trace_id=span.trace_id,
            parent_id=span.parent_id,
            name=span.name,
            kind=span.kind,
            status_code=span.status,
            status_message=span.failure.message if span.failure else "",
            start_time=_iso(span.start_ns),
            end_time=_iso(span.end_ns),
            attributes=_stored(unflatten(attributes)),
            events=[{"name": "exception", "attributes": dict(span.failure.attributes)}] if span.failure else [],
        )


def _stored(node: object) -> dict[str, object]:
    """As Phoenix stores it: metadata that is JSON text becomes an object."""
    assert isinstance(node, dict)
    metadata = node.get("metadata")
    return node | {"metadata": json.loads(metadata)} if isinstance(metadata, str) else node


def _iso(ns: int) -> str:
    second = dt.datetime.fromtimestamp(ns // NS_PER_S, dt.UTC)
    return (second + dt.timedelta(microseconds=ns % NS_PER_S // 1000)).isoformat()
