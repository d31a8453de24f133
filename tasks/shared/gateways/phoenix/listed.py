"""The paged route: `GET /v1/projects/{project}/spans`, for read-only keys, older servers, events and samples."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.phoenix.attributes import Path, is_doubtful, lookup
from tasks.shared.gateways.phoenix.connection import Connection, Json
from tasks.shared.gateways.phoenix.failures import Broken
from tasks.shared.gateways.phoenix.projects import Project
from tasks.shared.gateways.phoenix.rows import by_start, from_listed
from tasks.shared.records import RawSpan, Window

logger = logging.getLogger(__name__)
IDS_PER_CALL = 100


async def whole_traces(
    connection: Connection, project: Project, window: Window, paths: Sequence[Path], trace_ids: Sequence[str]
) -> AsyncIterator[list[RawSpan]]:
    """The spans of *trace_ids* that start in *window*; a chunk never cuts a trace, as on the fast route."""
    for batch in in_batches(trace_ids, IDS_PER_CALL):
        asked = {**_limits(window), "trace_id": list(batch)}
        chunk = [span async for page in _pages(connection, project, asked, paths) for span in page]
        # A server too old for the filter sends the others as well.
        yield sorted((span for span in chunk if span["trace_id"] in batch), key=by_start)


async def pages(
    connection: Connection, project: Project, window: Window, paths: Sequence[Path]
) -> AsyncIterator[list[RawSpan]]:
    """Every span that starts in *window*, by start (by arrival, from servers that cannot sort), page by page.

    For servers too old to list traces: here a page may cut a trace in two.
    """
    async for page in _pages(connection, project, _limits(window), paths):
        yield page


async def _pages(
    connection: Connection, project: Project, asked: Mapping[str, Any], paths: Sequence[Path]
) -> AsyncIterator[list[RawSpan]]:
    try:
        limit = connection.settings.page_size
        async for page in connection.pages(f"{project.path}/spans", {**asked, "order": "asc", "limit": limit}):
            yield [from_listed(span, paths) for span in page]
    except Broken as error:
        raise ServiceUnavailable(
            f"{error} If only this window fails, one of its spans holds a value Phoenix cannot read: "
            "a system or member key makes the fast route possible, which reads around it."
        ) from error


async def sample(connection: Connection, project: Project, window: Window, count: int, parts: int) -> list[RawSpan]:
    """Up to *count* spans with all their attributes, the latest of each of *parts* equal parts of the window."""
    length = (window.end - window.start) / parts
    spans: list[RawSpan] = []
    for part in range(parts):
        asked = {
            "start_time": (window.start + part * length).isoformat(),
            "end_time": (window.start + (part + 1) * length).isoformat(),
            "sort": "start_time",
            "limit": min(1000, -(-count // parts)),
        }
        try:
            answer = await connection.get(f"{project.path}/spans", asked)
        except Broken as error:
            logger.warning("Sampling skipped %s to %s: %s", asked["start_time"], asked["end_time"], error)
            continue
        spans.extend(from_listed(span, None) for span in answer["data"])
    return spans


async def complete(connection: Connection, project: Project, spans: Sequence[RawSpan], paths: Sequence[Path]) -> None:
    """Fetch into *spans* what the fast route cannot give: events, for status ERROR, and integers beyond 2**53."""
    lacking = {span["span_id"]: span for span in spans if _lacks(span, paths)}
    for ids in in_batches(sorted(lacking), IDS_PER_CALL):
        for found in await by_ids(connection, project, ids):
            lacking[found["context"]["span_id"]].update(from_listed(found, paths))


def _lacks(span: RawSpan, paths: Sequence[Path]) -> bool:
    return span["status_code"] == "ERROR" or any(is_doubtful(lookup(span["attributes"], path)) for path in paths)


async def by_ids(connection: Connection, project: Project, ids: Sequence[str]) -> list[Json]:
    """Phoenix's own records of the spans *ids*; one that Phoenix cannot read is left out with a warning."""
    try:
        answer = await connection.get(f"{project.path}/spans", {"span_id": list(ids), "limit": len(ids)})
    except Broken as error:
        if len(ids) == 1:
            logger.warning("Span %s cannot be read whole: %s", ids[0], error)
            return []
        middle = len(ids) // 2
        return [
            *await by_ids(connection, project, ids[:middle]),
            *await by_ids(connection, project, ids[middle:]),
        ]
    found: list[Json] = answer["data"]
    return found


def in_batches(items: Sequence[str], size: int) -> list[Sequence[str]]:
    """*items* in runs of *size*."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def _limits(window: Window) -> Mapping[str, Any]:
    return {"start_time": window.start.isoformat(), "end_time": window.end.isoformat(), "sort": "start_time"}
