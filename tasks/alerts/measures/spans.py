"""How many spans there were; also by service."""

from tasks.alerts.measure import Measure

QUERY = """
SELECT start_time, unnest([''] || CASE WHEN service_name IS NULL THEN [] ELSE ['service=' || service_name] END)
    AS dimension, trace_id AS cluster, 1.0 AS weight, 1.0 AS value, 'trace:' || trace_id AS example
FROM spans
"""

MEASURE = Measure(kind="sum", title="Spans", unit="count", worse="low", query=QUERY)
