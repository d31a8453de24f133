"""How many questions a session asks, how long it takes, and how many questions and sessions succeed."""

from collections.abc import Iterator, Sequence
from math import sqrt

from tasks.shared.records import Metric
from tasks.shared.statistics.intervals import quantile_interval, student
from tasks.shared.statistics.order_statistics import quantile
from tasks.tracking.summary import CLUSTER_SUMS, Row, Summary, rate, rate_of_clusters, share

QUANTILES = {"p50": 0.50, "p95": 0.95}
# A question is a trace. It fails when a root span of it does: an error that the application got over is none to its
# user. A trace outside any session is a question, and stands for itself.
QUERY = f"""
WITH questions AS (
    SELECT trace_id, max(session_id) AS session_id, bool_or(parent_id IS NULL) AS rooted,
        bool_or(parent_id IS NULL AND status_code = 'ERROR') AS failed, min(start_time) AS start_time,
        max(end_time) AS end_time
    FROM spans GROUP BY trace_id
),
arrivals AS (
    SELECT any_value(session_id) AS session_id, count_if(rooted) AS units, count_if(rooted AND NOT failed) AS having_it,
        count(*) AS questions, bool_or(failed) AS failed,
        epoch_ms(max(end_time)) - epoch_ms(min(start_time)) AS duration_ms
    FROM questions GROUP BY coalesce('s' || session_id, 't' || trace_id)
),
sessions AS (FROM arrivals WHERE session_id IS NOT NULL)
SELECT {CLUSTER_SUMS},
    sum(questions)::BIGINT AS traces,
    (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FILTER (NOT failed) FROM sessions) AS succeeded,
    (SELECT sum(questions)::BIGINT FROM sessions) AS in_sessions,
    (SELECT avg(questions) FROM sessions) AS mean, (SELECT coalesce(stddev_samp(questions), 0) FROM sessions) AS spread,
    (SELECT list(questions ORDER BY questions) FROM sessions) AS queries,
    (SELECT list(duration_ms ORDER BY duration_ms) FROM sessions) AS durations
FROM arrivals
"""


def sessions(rows: Sequence[Row]) -> Iterator[Metric]:
    """Shares with intervals by session, means with Student's, quantiles with those of their order statistics."""
    row = rows[0]
    yield from rate_of_clusters("success/traces", row, row["traces"])
    n = row["sessions"]
    yield from rate("success/sessions", row["succeeded"], n)
    if not n:
        return
    covered = share(row["in_sessions"], row["traces"])
    low, high = student(row["mean"], row["spread"] / sqrt(n), n) or (None, None)
    yield Metric("queries_per_session/mean", row["mean"], n, covered, low, high)
    for group, ordered, unit in (
        ("queries_per_session", row["queries"], ""),
        ("session_duration_ms", row["durations"], "ms"),
    ):
        for name, p in QUANTILES.items():
            low, high = quantile_interval(ordered, p) or (None, None)
            yield Metric(f"{group}/{name}", float(quantile(ordered, p)), n, covered, low, high, unit=unit)


SUMMARY = Summary(QUERY, sessions)
