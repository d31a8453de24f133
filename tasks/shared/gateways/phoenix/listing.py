"""Which traces may have spans in a window: an indexed listing, the same cost however long the history."""

import datetime as dt
from collections.abc import Iterable

from tasks.shared.gateways.phoenix.connection import Connection, Json
from tasks.shared.gateways.phoenix.projects import Project
from tasks.shared.records import Window

PAGE = 1000
PAGE_WITH_SPANS = 100


async def list_trace_ids(connection: Connection, project: Project, window: Window) -> list[str]:
    """Ids of the traces that may have spans starting in *window*, by start and id."""
    starts: dict[str, dt.datetime] = {}
    for parameters in _questions(window):
        async for page in connection.pages(f"{project.path}/traces", {**parameters, "limit": PAGE}):
            starts.update({row["trace_id"]: _time(row["start_time"]) for row in _reaching(page, window)})
    return sorted(starts, key=lambda trace_id: (starts[trace_id], trace_id))


async def list_span_ids(
    connection: Connection, project: Project, window: Window, trace_ids: frozenset[str] | None
) -> dict[str, str]:
    """Trace id by span id, from a listing that a read-only key may ask for; of *trace_ids* only, when given."""
    found: dict[str, str] = {}
    for parameters in _questions(window):
        asked = {**parameters, "limit": PAGE_WITH_SPANS, "include_spans": "true"}
        async for page in connection.pages(f"{project.path}/traces", asked):
            for row in _reaching(page, window):
                if trace_ids is None or row["trace_id"] in trace_ids:
                    found.update(
                        {
                            span["span_id"]: row["trace_id"]
                            for span in row["spans"] or ()
                            if window.start <= _time(span["start_time"]) < window.end
                        }
                    )
    return dict(sorted(found.items()))


def _questions(window: Window) -> list[dict[str, str]]:
    """The two listings: traces that began in *window*, then those that began before it and had not ended.

    Newest first, and the earlier ones last: a trace whose start moves back while an older span of it arrives is then
    still ahead of the reader.
    """
    begin, end = window.start.isoformat(), window.end.isoformat()
    return [
        {"order": "desc", "start_time": begin, "end_time": end},
        {"order": "desc", "end_time": begin, "filter": f"end_time >= '{begin}'"},
    ]


def _reaching(page: Iterable[Json], window: Window) -> list[Json]:
    """The rows of *page* that reach into *window*: a Phoenix too old for `filter` lists others as well."""
    return [row for row in page if max(_time(row["start_time"]), _time(row["end_time"])) >= window.start]


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
