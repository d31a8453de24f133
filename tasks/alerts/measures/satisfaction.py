"""The share of people's ratings that are good, by the time of the answer they are about."""

from tasks.alerts.measure import Measure

# Feedback that was brought to Phoenix comes back as an annotation; only what found no trace is read from `feedback`.
QUERY = """
SELECT start_time, '' AS dimension, unit || unit_id AS cluster, 1.0 AS weight,
    CASE WHEN lower(label) IN (SELECT lower(unnest($positive))) THEN 1.0
        WHEN lower(label) IN (SELECT lower(unnest($negative))) THEN 0.0
        WHEN score > 0.5 THEN 1.0 WHEN score < 0.5 THEN 0.0 END AS value,
    unit || ':' || unit_id AS example
FROM annotations WHERE annotator_kind = 'HUMAN' AND list_contains($feedback, name)
UNION ALL
SELECT start_time, '', coalesce(session_id, feedback_id), 1.0, CAST(rating = 'positive' AS DOUBLE), NULL
FROM feedback WHERE status <> 'matched'
"""

MEASURE = Measure(
    kind="share",
    title="Satisfaction",
    unit="share",
    worse="low",
    query=QUERY,
    tables=("annotations", "feedback"),
    parameters=("feedback", "positive", "negative"),
)
