"""The share of traces that took longer than `alerts.slow_trace_ms`."""

from tasks.alerts.measure import Measure

QUERY = """
SELECT start_time, '' AS dimension, coalesce(session_id, trace_id) AS cluster, 1.0 AS weight,
    CAST(latency_ms > $slow_trace_ms AS DOUBLE) AS value, 'trace:' || trace_id AS example
FROM spans WHERE parent_id IS NULL
"""

MEASURE = Measure(kind="share", title="Slow traces", unit="share", query=QUERY, parameters=("slow_trace_ms",))
