"""How much traffic there was: spans, traces, sessions, users."""

from collections.abc import Iterator, Sequence

from tasks.shared.records import Metric
from tasks.tracking.summary import Row, Summary, count, share

QUERY = """
SELECT count(*) AS spans, count(DISTINCT trace_id) AS traces,
    count(DISTINCT session_id) AS sessions, count(DISTINCT trace_id) FILTER (session_id IS NOT NULL) AS in_sessions,
    count(DISTINCT user_id) AS users, count(DISTINCT trace_id) FILTER (user_id IS NOT NULL) AS of_users
FROM spans
"""


def volume(rows: Sequence[Row]) -> Iterator[Metric]:
    """Exact counts; sessions and users speak for the traces that name one."""
    row = rows[0]
    yield count("spans", row["spans"])
    yield count("traces", row["traces"])
    for name, named in (("sessions", row["in_sessions"]), ("users", row["of_users"])):
        yield Metric(name, float(row[name]), named, share(named, row["traces"]))


SUMMARY = Summary(QUERY, volume)
