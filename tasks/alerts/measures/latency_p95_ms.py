"""The 95th percentile of how long traces took; also of spans by name and by model."""

from tasks.alerts.measure import Measure

QUERY = """
SELECT start_time, '' AS dimension, trace_id AS cluster, 1.0 AS weight, latency_ms AS value,
    'trace:' || trace_id AS example
FROM spans WHERE parent_id IS NULL
UNION ALL
SELECT start_time, unnest(['name=' || name] || CASE WHEN model IS NULL THEN [] ELSE ['model=' || model] END), trace_id,
    1.0, latency_ms, 'span:' || span_id
FROM spans
"""

MEASURE = Measure(kind="quantile", title="p95 latency", unit="ms", query=QUERY)
