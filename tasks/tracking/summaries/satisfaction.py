"""How many of the people who rated an answer were satisfied with it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.shared.records import FEEDBACK_IDENTIFIER, Metric
from tasks.tracking.summary import CLUSTER_SUMS, Row, Summary, rate_of_clusters, share

# A rating that the application recorded counts when it was given, one that was made in Phoenix at the time of its
# trace; the annotations that repeat the application's are left out. Of several on one unit the last one counts.
QUERY = f"""
WITH sessions AS (SELECT trace_id, max(session_id) AS session_id FROM spans GROUP BY trace_id),
owners AS (
    SELECT 'trace' AS unit, trace_id AS unit_id, trace_id, session_id FROM sessions
    UNION ALL SELECT 'span', span_id, trace_id, sessions.session_id FROM spans JOIN sessions USING (trace_id)
        WHERE span_id IN (SELECT unit_id FROM annotations WHERE unit = 'span')
    UNION ALL SELECT DISTINCT 'session', session_id, NULL, session_id FROM sessions WHERE session_id IS NOT NULL
),
said AS (
    SELECT coalesce(owners.session_id, owners.trace_id, unit_id) AS arrival,
        coalesce(owners.trace_id, unit_id) AS rated,
        coalesce(updated_at, created_at, annotations.start_time) AS said_at,
        CASE WHEN label IS NULL THEN score > 0
            WHEN lower(trim(label)) IN (SELECT word FROM ratings WHERE kind = 'positive') THEN true
            WHEN lower(trim(label)) IN (SELECT word FROM ratings WHERE kind = 'negative') THEN false END AS positive
    FROM annotations LEFT JOIN owners USING (unit, unit_id)
    WHERE annotator_kind = 'HUMAN' AND name IN (SELECT word FROM ratings WHERE kind = 'name')
        AND NOT starts_with(identifier, '{FEEDBACK_IDENTIFIER}')
    UNION ALL
    SELECT coalesce(feedback.session_id, trace_id, feedback_id), coalesce(trace_id, feedback_id), start_time,
        rating = 'positive'
    FROM feedback
),
votes AS (
    SELECT any_value(arrival) AS arrival, rated, max_by(positive, said_at) AS positive
    FROM said WHERE positive IS NOT NULL GROUP BY rated
),
arrivals AS (SELECT count(*) AS units, count_if(positive) AS having_it FROM votes GROUP BY arrival)
SELECT {CLUSTER_SUMS},
    (SELECT count(*) FROM sessions) AS traces,
    (SELECT count(*) FROM votes SEMI JOIN sessions ON trace_id = rated) AS rated_traces
FROM arrivals
"""


def satisfaction(rows: Sequence[Row]) -> Iterator[Metric]:
    """The share of ratings that are positive; ratings of one session are taken together for the interval."""
    row = rows[0]
    for metric in rate_of_clusters("satisfaction", row, row["traces"]):
        # Ratings of sessions, and those whose trace nobody knows, are about no trace.
        yield replace(metric, coverage=share(row["rated_traces"], row["traces"]))


SUMMARY = Summary(QUERY, satisfaction)
