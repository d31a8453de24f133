"""What the lake knows of feedback already: what is new or changed, and what still waits for its trace."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

import pyarrow as pa

from tasks.curate.feedback.items import Row
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import FEEDBACK

# An item keeps the day and the trace it was given first, so that it stays one row and one annotation when its
# timestamp is renewed. Of an item that was read twice, because it changed meanwhile, the last reading counts.
FRESH = """
SELECT items.* REPLACE (
    coalesce(known.start_time, items.start_time) AS start_time,
    CASE WHEN known.status = 'matched' THEN 'matched' ELSE items.status END AS status,
    known.matched_by AS matched_by,
    known.trace_id AS trace_id,
    known.span_id AS span_id
)
FROM items LEFT JOIN feedback AS known ON known.feedback_id = items.feedback_id
WHERE known.feedback_id IS NULL
    OR known.status = 'withdrawn'
    OR known.session_id IS DISTINCT FROM items.session_id
    OR known.recorded_trace_id IS DISTINCT FROM items.recorded_trace_id
    OR known.text IS DISTINCT FROM items.text
    OR known.rating IS DISTINCT FROM items.rating
    OR known.comment IS DISTINCT FROM items.comment
QUALIFY row_number() OVER (PARTITION BY items.feedback_id ORDER BY position DESC) = 1
ORDER BY start_time, feedback_id
"""
# An item keeps the time it was given first, so one that was read since then has a time since then.
TAKEN_BACK = """
SELECT * FROM feedback ANTI JOIN rated USING (feedback_id)
WHERE status <> 'withdrawn' AND ($since IS NULL OR start_time >= $since)
ORDER BY start_time, feedback_id
"""
IDS = "SELECT feedback_id FROM feedback"
WAITING = "SELECT * FROM feedback WHERE status = ANY($statuses) ORDER BY start_time, feedback_id"
STANDING = "SELECT status, count(*) AS n FROM feedback GROUP BY status"


def fresh(lake: Lake, project: str, rows: Iterable[Row]) -> list[Row]:
    """Those of *rows* that the lake does not have, or has with other content, by time."""
    numbered = [row | {"position": position} for position, row in enumerate(rows)]
    if not numbered:
        return []
    schema = FEEDBACK.schema.append(pa.field("position", pa.int64()))
    found = lake.sql(FRESH, project, relations={"items": pa.Table.from_pylist(numbered, schema)})
    new: list[Row] = found.drop_columns("position").to_pylist()
    return new


def waiting(lake: Lake, project: str, *, given_up_too: bool) -> list[Row]:
    """The rows without a trace that are tried again, by time."""
    statuses = ["unmatched", "given_up"] if given_up_too else ["unmatched"]
    rows: list[Row] = lake.sql(WAITING, project, parameters={"statuses": statuses}).to_pylist()
    return rows


def known_ids(lake: Lake, project: str) -> set[str]:
    """The ids of all feedback in the lake."""
    return set(lake.sql(IDS, project)["feedback_id"].to_pylist())


def taken_back(lake: Lake, project: str, rated: Collection[str], since: dt.datetime | None) -> list[Row]:
    """The rows since *since* whose items are not among the *rated* ones any more, by time."""
    relations = {"rated": pa.table({"feedback_id": pa.array(sorted(rated), pa.string())})}
    rows: list[Row] = lake.sql(TAKEN_BACK, project, None, {"since": since}, relations).to_pylist()
    return rows


def standing(lake: Lake, project: str) -> Mapping[str, int]:
    """How many rows the lake has by status."""
    return {row["status"]: row["n"] for row in lake.sql(STANDING, project).to_pylist()}


def by_day(rows: Iterable[Row]) -> Iterable[tuple[dt.date, list[Row]]]:
    """*rows*, which are in the order of time, by their UTC day."""
    for day, of_day in groupby(rows, key=lambda row: row["start_time"].date()):
        yield day, list(of_day)
