"""From what Phoenix answers to RawSpan: rows of the projected route, and spans of the paged one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tasks.shared.gateways.phoenix.attributes import Path, at_path, canonical, lookup, placed, unflatten
from tasks.shared.gateways.phoenix.connection import Json
from tasks.shared.gateways.phoenix.failures import Unreadable
from tasks.shared.records import RawSpan

Row = dict[str | Path, Any]
KIND: Path = ("openinference", "span", "kind")
SCALARS = {
    "kind": "span_kind",
    "trace": "trace_id",
    "parent": "parent_id",
    "name": "name",
    "code": "status_code",
    "message": "status_message",
    "start": "start_time",
    "end": "end_time",
}


def expression(path: Path) -> str:
    """The DSL's way to say *path*; a bare name of one letter would be an error 500 in Phoenix."""
    return f"attributes[{list(path)!r}]"


def select(paths: Sequence[Path]) -> dict[str, dict[str, str]]:
    """The `select` of a query for whole spans: their own columns, and the subtree under each path."""
    columns = SCALARS | {f"path{index}": expression(path) for index, path in enumerate(paths)}
    return {label: {"key": key} for label, key in columns.items()}


def rows_of_multipart(content: bytes, paths: Sequence[Path]) -> list[Row]:
    """The rows in a `multipart/mixed` answer of one JSON table, by label and by path.

    Phoenix puts `<position>_` before each label.
    """
    start, end = content.find(b"\r\n\r\n"), content.rfind(b"\r\n--")
    if start < 0 or end <= start or not content.endswith(b"--\r\n"):
        raise Unreadable(f"the answer is cut or not multipart: {content[:80]!r}")
    try:
        rows = orjson.loads(memoryview(content)[start + 4 : end])["data"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Unreadable(f"a part of the answer is not a JSON table: {error}") from error
    if not rows:
        return []
    names: dict[str, str | Path] = {f"path{index}": path for index, path in enumerate(paths)}
    labels = [(key, names.get(key.partition("_")[2], key.partition("_")[2])) for key in rows[0]]
    return [{label: row[key] for key, label in labels} for row in rows]


def from_row(row: Row, paths: Sequence[Path]) -> RawSpan:
    """The span in a row of the projected route; events are None."""
    attributes = placed((path, at_path(value)) for path in paths if (value := row.get(path)) is not None)
    return RawSpan(
        span_id=row["context.span_id"],
        trace_id=row["trace"],
        parent_id=row["parent"],
        name=row["name"] or "",
        kind=_kind(row["kind"]),
        status_code=row["code"],
        status_message=row["message"] or "",
        start_time=utc_text(row["start"]),
        end_time=utc_text(row["end"]),
        attributes=without_kind(attributes),
        events=None,
    )


def from_listed(span: Json, paths: Sequence[Path] | None) -> RawSpan:
    """The span in an answer of the GET route: attributes under *paths*, or all of them; events for status ERROR."""
    tree = unflatten(span["attributes"])
    attributes = (
        canonical(tree) or {} if paths is None else placed((path, at_path(lookup(tree, path))) for path in paths)
    )
    return RawSpan(
        span_id=span["context"]["span_id"],
        trace_id=span["context"]["trace_id"],
        parent_id=span["parent_id"],
        name=span["name"],
        kind=_kind(span["span_kind"]),
        status_code=span["status_code"],
        status_message=span["status_message"],
        start_time=utc_text(span["start_time"]),
        end_time=utc_text(span["end_time"]),
        attributes=without_kind(attributes),
        events=span["events"] if span["status_code"] == "ERROR" else None,
    )


def by_start(span: RawSpan) -> tuple[str, str]:
    """The order of spans: by start, then by id."""
    return span["start_time"], span["span_id"]


def utc_text(text: str) -> str:
    """An ISO 8601 time with six decimals and `+00:00`, whatever the route's spelling.

    Raises ValueError when *text* is not a time.
    """
    if len(text) == 30 and text.endswith("Z"):  # nanoseconds, of which Phoenix stores no more than microseconds
        return f"{text[:26]}+00:00"
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat(timespec="microseconds")


def without_kind(attributes: dict[str, Any]) -> dict[str, Any]:
    """*attributes* without openinference.span.kind, which is a column of its own on every route."""
    own = lookup(attributes, KIND[:2])
    if not isinstance(own, Mapping) or KIND[2] not in own:
        return attributes
    rest = {**attributes, "openinference": {**attributes["openinference"], "span": dict(own)}}
    del rest["openinference"]["span"]["kind"]
    tidy = canonical(rest["openinference"])
    return {**attributes, "openinference": tidy} if tidy else {k: v for k, v in rest.items() if k != "openinference"}


def _kind(value: Any) -> str:
    return value if isinstance(value, str) and value else "UNKNOWN"
