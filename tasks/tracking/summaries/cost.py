"""What the model calls cost by the price table, and how many of them it could price."""

from collections.abc import Iterator, Sequence
from math import fsum

from tasks.shared.records import Metric
from tasks.tracking.summary import Row, Summary, rate, share

QUERY = """
SELECT coalesce('model=' || model, 'model=unknown') AS dimension, count(*) AS calls, count(cost_usd) AS priced,
    coalesce(fsum(cost_usd), 0) AS cost_usd
FROM spans WHERE kind = 'LLM' OR total_tokens IS NOT NULL OR cost_usd IS NOT NULL
GROUP BY dimension ORDER BY dimension
"""


def cost(rows: Sequence[Row]) -> Iterator[Metric]:
    """Exact sums over the priced calls, in total and by model; a model without a price has a coverage of 0 only."""
    calls, priced = (sum(row[column] for row in rows) for column in ("calls", "priced"))
    yield Metric("cost_usd", fsum(row["cost_usd"] for row in rows), priced, share(priced, calls), unit="usd")
    yield from rate("coverage/cost_usd", priced, calls)
    for row in rows:
        if row["priced"]:
            covered = share(row["priced"], row["calls"])
            yield Metric("cost_usd", row["cost_usd"], row["priced"], covered, dimension=row["dimension"], unit="usd")
        yield from rate("coverage/cost_usd", row["priced"], row["calls"], row["dimension"])


SUMMARY = Summary(QUERY, cost)
