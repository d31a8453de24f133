"""What people said about the day's traces, where they said anything."""

from collections.abc import Iterator, Sequence
from math import sqrt

from tasks.shared.records import Metric
from tasks.shared.statistics.intervals import student
from tasks.tracking.summary import Row, Summary, rate, share

# An annotation of a session touches every trace of it. The row without a name speaks for all names together.
QUERY = """
WITH human AS (SELECT * FROM annotations WHERE annotator_kind = 'HUMAN'),
touched AS (
    SELECT human.name, trace_id FROM human JOIN spans ON unit = 'span' AND span_id = unit_id
    UNION SELECT human.name, trace_id FROM human JOIN spans ON unit = 'session' AND session_id = unit_id
    UNION SELECT human.name, unit_id FROM human SEMI JOIN spans ON unit = 'trace' AND trace_id = unit_id
),
reached AS (SELECT name, count(DISTINCT trace_id) AS reached FROM touched GROUP BY GROUPING SETS ((), (name))),
means AS (
    SELECT name, count(score) AS n, favg(score) AS mean,
        coalesce(stddev_samp(score), 0) AS deviation
    FROM human GROUP BY name
)
SELECT name, reached, n, mean, deviation, (SELECT count(DISTINCT trace_id) FROM spans) AS traces
FROM reached LEFT JOIN means USING (name) ORDER BY name NULLS FIRST
"""


def feedback(rows: Sequence[Row]) -> Iterator[Metric]:
    """The share of traces with human feedback, and the mean score of each annotation name."""
    for row in rows:
        if row["name"] is None:
            yield from rate("feedback_share", row["reached"], row["traces"])
        elif row["n"]:
            low, high = student(row["mean"], row["deviation"] / sqrt(row["n"]), row["n"]) or (None, None)
            covered = share(row["reached"], row["traces"])
            yield Metric(f"feedback/{row['name']}", row["mean"], row["n"], covered, low, high, unit="score")


SUMMARY = Summary(QUERY, feedback)
