"""How long root spans, and spans of each name, took."""

from collections.abc import Iterator, Sequence

from tasks.shared.records import Metric
from tasks.shared.statistics.intervals import quantile_interval
from tasks.shared.statistics.order_statistics import quantile
from tasks.tracking.summary import Row, Summary

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
# A span name with an id in it would make a metric of every span: only the names that took the most time are kept.
NAMES_KEPT = 40
QUERY = f"""
WITH named AS (
    SELECT 'name=' || name AS dimension, list(latency_ms ORDER BY latency_ms) AS ordered
    FROM spans GROUP BY name ORDER BY sum(latency_ms) DESC, name LIMIT {NAMES_KEPT}
)
SELECT '' AS dimension, list(latency_ms ORDER BY latency_ms) AS ordered FROM spans WHERE parent_id IS NULL
UNION ALL SELECT * FROM named
"""


def latency(rows: Sequence[Row]) -> Iterator[Metric]:
    """p50, p95 and p99 with order-statistic intervals; without a dimension they speak for root spans."""
    for row in rows:
        ordered = row["ordered"] or []
        for name, p in QUANTILES.items() if ordered else ():
            low, high = quantile_interval(ordered, p) or (None, None)
            value = quantile(ordered, p)
            yield Metric(f"latency_ms/{name}", value, len(ordered), 1.0, low, high, row["dimension"], "ms")


SUMMARY = Summary(QUERY, latency)
