"""Spans newest first: listed without attributes, and fetched whole by id."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from tasks.shared.gateways.phoenix.connection import Connection, Json
from tasks.shared.gateways.phoenix.failures import Answered
from tasks.shared.gateways.phoenix.listed import IDS_PER_CALL, by_ids, in_batches
from tasks.shared.gateways.phoenix.projects import Project
from tasks.shared.gateways.phoenix.rows import from_listed, utc_text
from tasks.shared.records import HOUR, REACH_HOURS, RawSpan

TRACES_A_PAGE, SPANS_A_PAGE = 500, 200
NO_SUCH_LISTING = (404, 405, 422)


@dataclass(frozen=True)
class ListedSpan:
    """What a listing tells of a span; `start_time` is ISO 8601 in UTC."""

    span_id: str
    trace_id: str
    name: str
    status_code: str
    start_time: str


async def newest(
    connection: Connection, project: Project, since: dt.datetime | None, limit: int
) -> AsyncIterator[list[ListedSpan]]:
    """The *limit* newest spans that started at *since* or later, page by page, the newest traces first.

    Traces are listed with their spans, which costs Phoenix no attributes; servers too old for that list whole spans.
    """
    left = limit
    try:
        async for page in _by_traces(connection, project, since):
            yield page[:left]
            left -= len(page)
            if left <= 0:
                return
    except Answered as error:
        if error.status not in NO_SUCH_LISTING or left < limit:
            raise
        async for page in _by_spans(connection, project, since):
            yield page[:left]
            left -= len(page)
            if left <= 0:
                return


async def whole(connection: Connection, project: Project, span_ids: Sequence[str]) -> AsyncIterator[list[RawSpan]]:
    """The spans *span_ids* with every attribute, some a call; what Phoenix does not have any more is left out."""
    for ids in in_batches(span_ids, IDS_PER_CALL):
        yield [from_listed(span, None) for span in await by_ids(connection, project, ids)]


async def _by_traces(
    connection: Connection, project: Project, since: dt.datetime | None
) -> AsyncIterator[list[ListedSpan]]:
    asked = {"sort": "start_time", "order": "desc", "include_spans": "true", "limit": TRACES_A_PAGE}
    # A trace that began earlier may have spans that did not.
    reaching = since - REACH_HOURS["trace"] * HOUR if since else None
    async for page in connection.pages(f"{project.path}/traces", asked | _from(reaching)):
        spans = [_listed(span, row["trace_id"]) for row in page for span in row["spans"] or ()]
        earliest = utc_text(since.isoformat()) if since else ""
        yield sorted(
            (span for span in spans if span.start_time >= earliest),
            key=lambda span: (span.start_time, span.span_id),
            reverse=True,
        )


async def _by_spans(
    connection: Connection, project: Project, since: dt.datetime | None
) -> AsyncIterator[list[ListedSpan]]:
    asked = {"sort": "start_time", "order": "desc", "limit": SPANS_A_PAGE}
    async for page in connection.pages(f"{project.path}/spans", asked | _from(since)):
        yield [_listed({**span, **span["context"]}, span["context"]["trace_id"]) for span in page]


def _from(since: dt.datetime | None) -> dict[str, str]:
    return {"start_time": since.isoformat()} if since else {}


def _listed(span: Json, trace_id: str) -> ListedSpan:
    return ListedSpan(span["span_id"], trace_id, span["name"], span["status_code"], utc_text(span["start_time"]))
