"""From raw spans to typed rows of `spans`, whatever dialect they speak; what cannot become a row is kept with a reason.

Which spans keep their token counts, and with them a cost, `usage.py` says; what all said stays in `attributes`.
"""

import datetime as dt
import hashlib
import re
import reprlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import pyarrow as pa

from tasks.fetch.dialects import openinference, otel_genai, traceloop
from tasks.fetch.kinds import inferred_kind
from tasks.fetch.known import DECLARED, undeclared, unknown_paths
from tasks.fetch.messages import answered, asked
from tasks.fetch.service_tier import at_batch_price
from tasks.fetch.usage import (
    AUDIO_SIDES,
    MODEL_CALLS,
    TOLD,
    USAGE,
    repeated_calls,
    tokens,
    tokens_beside,
    told_elsewhere,
)
from tasks.shared.prices import PriceTable
from tasks.shared.records import SPAN_KINDS, STATUS_CODES, UTC, RawSpan, Window
from tasks.shared.store.tables import QUARANTINE, SPANS
from tasks.shared.values import (
    Malformed,
    Object,
    canonical,
    canonical_bytes,
    first,
    obj,
    parsed,
    shortened,
    text,
)

__all__ = ["DECLARED", "Normalised", "normalise", "undeclared"]

SPAN_ID = re.compile(r"(?!0{16})[0-9a-fA-F]{16}")
TRACE_ID = re.compile(r"(?!0{32})[0-9a-fA-F]{32}")
MILLISECOND = dt.timedelta(milliseconds=1)

# The digest is the last column.
EMPTY = dict.fromkeys(SPANS.schema.names[:-1])
digested = itemgetter(*EMPTY)
JSON_COLUMNS = ("input_messages", "output_messages", "tools", "documents", "prompt_variables", "tags", "metadata")
TOLD_ELSEWHERE = "usage_told_elsewhere"
# Phoenix writes OpenInference attributes beside those of other dialects; for these the original is the more exact.
ORIGINAL_FIRST = ("model", "input_messages", "output_messages")


@dataclass(frozen=True)
class Normalised:
    """Every span of the batch in `rows` (schema of SPANS) or `quarantined` (schema of QUARANTINE).

    `unknown` maps paths of attributes that nobody maps to the number of spans that carry them, and
    `usage_told_elsewhere` to the number of spans whose token counts were left out, because other spans have them.
    """

    rows: pa.Table
    quarantined: pa.Table
    unknown: Counter[str]


def normalise(raw: Sequence[RawSpan], window: Window, prices: PriceTable) -> Normalised:
    """Turn a batch of spans into rows. Never raises on bad data. Give whole traces, so that repeated calls are seen."""
    read: list[tuple[RawSpan, Object]] = []
    kept_out: list[Object] = []
    unknown: Counter[str] = Counter()
    for span in raw:
        try:
            read.append((span, _row(span, window, unknown)))
        except Malformed as why:
            kept_out.append(_kept_out(span, window, str(why)))
    rows_read = [row for _, row in read]
    totals = told_elsewhere(rows_read)
    uncounted = repeated_calls(rows_read) | totals
    if totals:
        unknown[TOLD_ELSEWHERE] += len(totals)
    rows: list[list[Any]] = []
    for span, row in read:
        try:
            rows.append(_finished(row, prices, counted=row["span_id"] not in uncounted))
        except Malformed as why:
            kept_out.append(_kept_out(span, window, str(why)))
    quarantined = [[row[name] for name in QUARANTINE.schema.names] for row in kept_out]
    return Normalised(_table(rows, SPANS.schema), _table(quarantined, QUARANTINE.schema), unknown)


def _row(raw: RawSpan, window: Window, unknown: Counter[str]) -> Object:
    """The row without cost and digest. Raises Malformed."""
    start, end = _times(raw, window)
    attributes = raw["attributes"]
    if type(attributes) is not dict:
        raise Malformed(f"attributes are {shortened(attributes)}, not an object")
    written = canonical(attributes)
    dialect, found = _read(attributes)
    row = {
        **EMPTY,
        **found,
        **_identity(raw),
        "kind": _kind(raw["kind"], attributes, unknown),
        "start_time": start,
        "end_time": end,
        "latency_ms": (end - start) / MILLISECOND,
        "dialect": dialect,
        "attributes": written,
        **_exception(raw, attributes),
    }
    row["batch_price"] = not TOLD.isdisjoint(found) and at_batch_price(attributes)
    row.update(tokens(found) if row["kind"] in MODEL_CALLS else tokens_beside(found))
    for name in JSON_COLUMNS:
        if name in found:
            row[name] = canonical(found[name])
    unknown.update(unknown_paths(attributes))
    return row


def _identity(raw: RawSpan) -> Object:
    parent_id = raw["parent_id"] or None
    for name, value, pattern in (
        ("span_id", raw["span_id"], SPAN_ID),
        ("trace_id", raw["trace_id"], TRACE_ID),
        ("parent_id", parent_id or raw["span_id"], SPAN_ID),
    ):
        if type(value) is not str or not pattern.fullmatch(value):
            digits = 32 if pattern is TRACE_ID else 16
            raise Malformed(f"{name} is {shortened(value)}, not {digits} hex digits that are not all zero")
    name, status_code, message = raw["name"], raw["status_code"], raw["status_message"]
    if type(name) is not str:
        raise Malformed(f"name is {shortened(name)}, not text")
    if type(status_code) is not str or status_code not in STATUS_CODES:
        raise Malformed(f"status_code is {shortened(status_code)}, none of OK, ERROR, UNSET")
    return {
        "span_id": raw["span_id"],
        "trace_id": raw["trace_id"],
        "parent_id": parent_id,
        "name": name,
        "status_code": status_code,
        "status_message": text(message),
    }


def _times(raw: RawSpan, window: Window) -> tuple[dt.datetime, dt.datetime]:
    start, end = _time(raw["start_time"], "start_time"), _time(raw["end_time"], "end_time")
    if end < start:
        raise Malformed(f"end_time {raw['end_time']} is before start_time {raw['start_time']}")
    if not window.start <= start < window.end:
        raise Malformed(f"start_time {raw['start_time']} is outside the window {window}")
    return start, end


def _time(value: Any, name: str) -> dt.datetime:
    """A time of ISO 8601 text; without an offset it is UTC, as Phoenix takes it."""
    if type(value) is not str:
        raise Malformed(f"{name} is {shortened(value)}, not a time")
    try:
        time = dt.datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo is not None else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{name} is {shortened(value)}, not a time") from error


def _kind(said: Any, attributes: Object, unknown: Counter[str]) -> str:
    if type(said) is not str:
        raise Malformed(f"kind is {shortened(said)}, not text")
    kind = said.upper()
    if kind in SPAN_KINDS and kind != "UNKNOWN":
        return kind
    if kind not in SPAN_KINDS and kind:
        unknown[f"openinference.span.kind={shortened(said)}"] += 1
    return inferred_kind(attributes)


def _read(attributes: Object) -> tuple[str, Object]:
    """The dialect and the columns it tells, messages and the like still as JSON values."""
    plain = openinference.read(attributes)
    gen_ai = obj(attributes.get("gen_ai"))
    dialect = _dialect(attributes, gen_ai)
    if dialect in {"openinference", "none"}:
        found = plain
    else:
        if _is_receipt(plain, gen_ai):
            plain = {name: value for name, value in plain.items() if name not in {"output", "output_mime_type"}}
        original = {**otel_genai.read(attributes), **traceloop.read(attributes)}
        found = {**original, **plain, **{name: original[name] for name in ORIGINAL_FIRST if name in original}}
    if "input" not in found and (question := asked(found.get("input_messages"))):
        found["input"] = question
    if "output" not in found and (answer := answered(found.get("output_messages"))):
        found["output"] = answer
    return dialect, found


def _dialect(attributes: Object, gen_ai: Object) -> str:
    if "traceloop" in attributes or any(key.partition(".")[0] in {"prompt", "completion"} for key in gen_ai):
        return "traceloop"
    if gen_ai:
        return "otel_genai"
    return "none" if attributes.keys().isdisjoint(OPENINFERENCE_ROOTS) else "openinference"


OPENINFERENCE_ROOTS = frozenset(
    {"llm", "input", "output", "tool", "tool_call", "retrieval", "reranker", "embedding", "openinference", "metadata"}
    | {"tag", "session", "user", "graph", "agent"}
)


def _is_receipt(found: Object, gen_ai: Object) -> bool:
    """Whether the output is what Phoenix makes up for a span without one: the response's id and model as JSON."""
    response = obj(gen_ai.get("response"))
    if not response or found.get("output_mime_type") != "application/json":
        return False
    made_up = {key: response[key] for key in ("id", "model") if response.get(key)}
    return bool(made_up) and parsed(found.get("output")) == made_up


def _exception(raw: RawSpan, attributes: Object) -> Object:
    """The last exception and the events, of a span that failed; routes differ in what they fetch of the others."""
    if raw["status_code"] != "ERROR":
        return {}
    events = raw["events"] if type(raw["events"]) is list else []
    thrown: Object = {}
    for event in events:
        if obj(event).get("name") == "exception":
            said = obj(event.get("attributes"))
            nested = obj(said.get("exception"))
            thrown = {key: said.get(f"exception.{key}", nested.get(key)) for key in ("type", "message")}
    carried, error = obj(attributes.get("exception")), obj(attributes.get("error"))
    return {
        "events": canonical(events) if events else None,
        "exception_type": first(thrown.get("type"), carried.get("type"), error.get("type")),
        "exception_message": first(thrown.get("message"), carried.get("message"), error.get("message")),
    }


def _finished(row: Object, prices: PriceTable, *, counted: bool) -> list[Any]:
    """The row's values in the order of the columns, with cost and digest. Raises Malformed."""
    if not counted:
        row.update(dict.fromkeys(USAGE))
    row["cost_usd"] = prices.cost_usd(
        row.get("model"),
        row["start_time"],
        row["prompt_tokens"],
        row["completion_tokens"],
        row["cache_read_tokens"],
        row["cache_write_tokens"],
        audio=row.get(AUDIO_SIDES, (0, 0)),
        batch=row["batch_price"],
    )
    values = list(digested(row))
    values.append(hashlib.blake2b(canonical_bytes(values), digest_size=8).hexdigest())
    return values


def _kept_out(raw: RawSpan, window: Window, reason: str) -> Object:
    """The quarantine row of *raw*, at its own start where that lies in the window."""
    try:
        start, _ = _times(raw, window)
    except Malformed:
        start = window.start
    try:
        written = canonical(raw)
    except Malformed:
        written = canonical({"shortened": reprlib.repr(raw)})
    span_id = raw["span_id"]
    return {
        "start_time": start,
        "table_name": SPANS.name,
        "row_id": span_id if type(span_id) is str and span_id.isascii() else shortened(span_id),
        "stage": "normalise",
        "reason": reason,
        "row": written,
    }


def _table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
