"""What Phoenix says the model calls cost, and how far that is from the price table's figure where both have one."""

from collections.abc import Iterator, Sequence
from math import fsum

from tasks.shared.records import Metric
from tasks.tracking.summary import Row, Summary, share

QUERY = """
SELECT 'model=' || CASE WHEN model = '' THEN 'unknown' ELSE model END AS dimension, calls, cost_usd, phoenix_cost_usd
FROM phoenix_costs ORDER BY start_time, dimension
"""


def phoenix_cost(rows: Sequence[Row]) -> Iterator[Metric]:
    """Exact sums over the models that Phoenix has a cost of; nothing for a day that it was not asked about."""
    calls = sum(row["calls"] for row in rows)
    priced = [row for row in rows if row["phoenix_cost_usd"] is not None]
    both = [row for row in priced if row["cost_usd"] is not None]
    if not rows:
        return
    covered = sum(row["calls"] for row in priced)
    yield Metric("phoenix_cost_usd", _sum(priced, "phoenix_cost_usd"), covered, share(covered, calls), unit="usd")
    n = sum(row["calls"] for row in both)
    difference = _sum(both, "phoenix_cost_usd") - _sum(both, "cost_usd")
    yield Metric("phoenix_cost_difference_usd", difference, n, share(n, calls), unit="usd")
    for dimension in dict.fromkeys(row["dimension"] for row in priced):
        of_model = [row for row in priced if row["dimension"] == dimension]
        known = sum(row["calls"] for row in of_model)
        cost = _sum(of_model, "phoenix_cost_usd")
        yield Metric("phoenix_cost_usd", cost, known, 1.0, dimension=dimension, unit="usd")


def _sum(rows: Sequence[Row], column: str) -> float:
    return fsum(row[column] for row in rows)


SUMMARY = Summary(QUERY, phoenix_cost)
