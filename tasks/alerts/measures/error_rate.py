"""The share of spans whose status is ERROR; also by span name and by model."""

from tasks.alerts.measure import Measure

QUERY = """
SELECT start_time, unnest(['', 'name=' || name] || CASE WHEN model IS NULL THEN [] ELSE ['model=' || model] END)
    AS dimension, trace_id AS cluster, 1.0 AS weight, CAST(status_code = 'ERROR' AS DOUBLE) AS value,
    'span:' || span_id AS example
FROM spans
"""

MEASURE = Measure(kind="share", title="Error rate", unit="share", query=QUERY)
