"""What model calls cost by the price table; also by model."""

from tasks.alerts.measure import Measure

QUERY = """
SELECT start_time, unnest([''] || CASE WHEN model IS NULL THEN [] ELSE ['model=' || model] END) AS dimension,
    trace_id AS cluster, 1.0 AS weight, cost_usd AS value, 'span:' || span_id AS example
FROM spans WHERE cost_usd IS NOT NULL
"""

MEASURE = Measure(kind="sum", title="Cost", unit="usd", query=QUERY)
