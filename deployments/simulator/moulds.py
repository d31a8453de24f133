"""Simulated traces as rows of the lake's SPANS table, ready to be copied."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from deployments.simulator.spans import SimulatedSpan
from tasks.shared.store.tables import SPANS

NS_PER_US = 1000
LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Moulds:
    """Rows of whole traces, one after the other, root first; arrays are by row, `sizes` and `first_rows` by trace."""

    rows: pa.Table
    sizes: npt.NDArray[np.int64]
    first_rows: npt.NDArray[np.int64]
    is_root: npt.NDArray[np.bool_]
    offsets_us: npt.NDArray[np.int64]
    latencies_us: npt.NDArray[np.int64]


def moulds_of(spans: Sequence[SimulatedSpan]) -> Moulds:
    """Make moulds of *spans*."""
    ordered = sorted(spans, key=lambda span: (span.trace_id, span.parent_id is not None, span.start_ns))
    traces = [list(group) for _, group in groupby(ordered, key=lambda span: span.trace_id)]
    sizes = np.array([len(trace) for trace in traces])
    begins = [trace[0].start_ns for trace in traces for _ in trace]
    return Moulds(
        rows=pa.Table.from_pylist([row_of(span) for span in ordered], schema=SPANS.schema),
        sizes=sizes,
        first_rows=np.cumsum(sizes) - sizes,
        is_root=np.array([span.parent_id is None for span in ordered]),
        offsets_us=np.array([span.start_ns - first for span, first in zip(ordered, begins, strict=True)]) // NS_PER_US,
        latencies_us=np.array([span.end_ns - span.start_ns for span in ordered]) // NS_PER_US,
    )


def row_of(span: SimulatedSpan) -> dict[str, Any]:
    """The row that this span would have in the lake, without its messages' full length."""
    at, usage = span.attributes, span.usage
    return {
        "span_id": span.span_id,
        "trace_id": span.trace_id,
        "parent_id": span.parent_id,
        "session_id": at.get("session.id"),
        "user_id": at.get("user.id"),
        "kind": span.kind,
        "name": span.name,
        "status_code": span.status,
        "status_message": span.failure.message if span.failure else None,
        "start_time": span.start_ns // NS_PER_US,
        "end_time": span.end_ns // NS_PER_US,
        "latency_ms": (span.end_ns - span.start_ns) / 1e6,
        "service_name": span.service,
        "model": usage.model if usage else None,
        "provider": at.get("llm.provider"),
        "prompt_tokens": usage.prompt if usage else None,
        "completion_tokens": usage.completion if usage else None,
        "total_tokens": usage.prompt + usage.completion if usage else None,
        "cache_read_tokens": usage.cache_read or None if usage else None,
        "cache_write_tokens": usage.cache_write or None if usage else None,
        "cost_usd": usage.cost_usd if usage else None,
        "input": at.get("input.value"),
        "input_mime_type": at.get("input.mime_type"),
        "output": at.get("output.value"),
        "output_mime_type": at.get("output.mime_type"),
        "input_messages": messages(at, "llm.input_messages"),
        "output_messages": messages(at, "llm.output_messages"),
        "tools": tools(at),
        "tool_name": at.get("tool.name"),
        "tool_arguments": at.get("input.value") if span.kind == "TOOL" else None,
        "documents": documents(at),
        "prompt_version": at.get("llm.prompt_template.version"),
        "metadata": at.get("metadata"),
        "exception_type": span.failure.type if span.failure else None,
        "exception_message": span.failure.message if span.failure else None,
        "dialect": "openinference",
        "attributes": "{}",
        "digest": span.span_id,
    }


def messages(attributes: Mapping[str, Any], prefix: str) -> str | None:
    """The messages below *prefix* as the lake's JSON."""
    found: list[dict[str, Any]] = []
    while (role := attributes.get((here := f"{prefix}.{len(found)}.message") + ".role")) is not None:
        message: dict[str, Any] = {"role": role, "content": attributes.get(f"{here}.content", "")[:LONGEST_TEXT]}
        call = f"{here}.tool_calls.0.tool_call"
        if f"{call}.id" in attributes:
            function = {key: attributes[f"{call}.function.{key}"] for key in ("name", "arguments")}
            message["tool_calls"] = [{"id": attributes[f"{call}.id"], **function}]
        found.append(message)
    return json.dumps(found) if found else None


def listed(attributes: Mapping[str, Any], pattern: str) -> list[Any]:
    """Values of the attributes that *pattern* names with `{}` for 0, 1, 2 ..."""
    found: list[Any] = []
    while (value := attributes.get(pattern.format(len(found)))) is not None:
        found.append(value)
    return found


def tools(attributes: Mapping[str, Any]) -> str | None:
    """The tools offered, as the lake's JSON."""
    offered = [json.loads(tool)["function"] for tool in listed(attributes, "llm.tools.{}.tool.json_schema")]
    return json.dumps(offered) if offered else None


def documents(attributes: Mapping[str, Any]) -> str | None:
    """The documents retrieved, as the lake's JSON."""
    fields = ("id", "content", "score")
    columns = [listed(attributes, f"retrieval.documents.{{}}.document.{field}") for field in fields]
    found = [dict(zip(fields, values, strict=True)) for values in zip(*columns, strict=True)]
    return json.dumps(found) if found else None
