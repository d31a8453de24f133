"""Which trace a piece of feedback is about: the one it names, or else the session's last one before it.

By session it waits until the lake has what was going on when the feedback was given, so that an earlier question is
not taken for the one that has not arrived yet.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson
import pyarrow as pa

from tasks.curate.feedback.items import Row
from tasks.shared.records import HOUR, REACH_HOURS, Window
from tasks.shared.settings import FeedbackSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS

WANTED = pa.schema([("trace_id", pa.string()), ("session_id", pa.string())])
ROOTS = """
WITH traces AS (
    SELECT trace_id FROM spans SEMI JOIN wanted USING (trace_id)
    UNION SELECT trace_id FROM spans SEMI JOIN wanted USING (session_id)
)
SELECT
    trace_id,
    max(session_id) AS session_id,
    first(span_id ORDER BY parent_id IS NOT NULL, start_time, span_id) AS span_id,
    first(start_time ORDER BY parent_id IS NOT NULL, start_time, span_id) AS start_time,
    first(input ORDER BY parent_id IS NOT NULL, start_time, span_id) AS input
FROM spans SEMI JOIN traces USING (trace_id)
GROUP BY trace_id ORDER BY start_time, trace_id
"""
LATEST = "SELECT max(start_time) AS latest FROM spans"


@dataclass(frozen=True)
class Root:
    """A trace by its root span."""

    trace_id: str
    session_id: str | None
    span_id: str
    start_time: dt.datetime
    input: str | None


@dataclass(frozen=True)
class Traces:
    """The traces that feedback may be about, each session's by time, and up to when the lake has any."""

    by_id: Mapping[str, Root]
    by_session: Mapping[str, Sequence[Root]]
    latest: dt.datetime | None

    @classmethod
    def of(cls, roots: Iterable[Root], latest: dt.datetime | None) -> Self:
        """Sort *roots* in."""
        by_id, by_session = {}, defaultdict(list)
        for root in sorted(roots, key=lambda each: (each.start_time, each.trace_id)):
            by_id[root.trace_id] = root
            if root.session_id:
                by_session[root.session_id].append(root)
        return cls(by_id, by_session, latest)


def latest_span(lake: Lake, project: str) -> dt.datetime | None:
    """When the last span in the lake began; None without any."""
    days = lake.days(SPANS, project)
    found = lake.sql(LATEST, project, Window.of_day(days[-1])) if days else None
    return found["latest"][0].as_py() if found else None


def traces_for(
    lake: Lake, project: str, rows: Sequence[Row], settings: FeedbackSettings, latest: dt.datetime | None
) -> Traces:
    """The traces in the lake that *rows* (of neighbouring times) may be about."""
    wanted = [{"trace_id": row["recorded_trace_id"], "session_id": row["session_id"]} for row in rows]
    times = [row["start_time"] for row in rows]
    hours = max(settings.trace_within_hours, -(-settings.session_within_minutes // 60)) + REACH_HOURS["trace"]
    last = (max(times) + dt.timedelta(seconds=settings.clock_skew_seconds)).replace(minute=0, second=0, microsecond=0)
    first = min(times).replace(minute=0, second=0, microsecond=0)
    window = Window(first - hours * HOUR, last + HOUR)
    found = lake.sql(ROOTS, project, window, relations={"wanted": pa.Table.from_pylist(wanted, WANTED)})
    return Traces.of((Root(**row) for row in found.to_pylist()), latest)


def match(row: Row, traces: Traces, settings: FeedbackSettings, now: dt.datetime) -> Row:
    """*row*, matched where that can be decided now; given up where it is too old to wait longer."""
    named = traces.by_id.get(row["recorded_trace_id"] or "")
    age = now - row["start_time"]
    if named:
        return _to(row, named, "trace_id", now)
    # By session one looks when the lake has what went on at that time.
    settled = age > settings.settled_after_hours * HOUR or (traces.latest and traces.latest > row["start_time"])
    # Another trace than the one that is named wants to have the same question.
    if settled and (row["text"] or not row["recorded_trace_id"]):
        around = [root for root in traces.by_session.get(row["session_id"] or "", ()) if _fits(row, root, settings)]
        if around:
            return _to(row, around[-1], "session", now)
    over = age > dt.timedelta(days=settings.give_up_after_days)
    return row | {"status": "given_up" if over else "unmatched", "read_at": now}


def _to(row: Row, root: Root, by: str, now: dt.datetime) -> Row:
    found = {"matched_by": by, "trace_id": root.trace_id, "span_id": root.span_id}
    return row | found | {"status": "matched", "read_at": now}


def _fits(row: Row, root: Root, settings: FeedbackSettings) -> bool:
    earliest = row["start_time"] - dt.timedelta(minutes=settings.session_within_minutes)
    latest = row["start_time"] + dt.timedelta(seconds=settings.clock_skew_seconds)
    if not earliest <= root.start_time <= latest:
        return False
    if row["text"] and root.input:
        return plain(row["text"]) in questions(root.input)
    return not row["recorded_trace_id"]


def questions(recorded: str) -> set[str]:
    """The texts that an input may consist of: itself, or the strings in it where it is JSON."""
    try:
        value = orjson.loads(recorded)
    except orjson.JSONDecodeError:
        return {plain(recorded)}
    return {plain(recorded), *map(plain, _strings(value))}


def plain(words: str) -> str:
    """*words* with single spaces."""
    return " ".join(words.split())


def _strings(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case list():
            for member in value:
                yield from _strings(member)
        case dict():
            yield from _strings(list(value.values()))
