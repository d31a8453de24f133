"""What a query costs: the mean of traces with a root, of those whose model calls all have a price."""

from collections.abc import Iterator, Sequence

from tasks.shared.records import Metric
from tasks.shared.statistics.clustered import of_sums
from tasks.shared.store.query_costs import WHOLE, query_costs
from tasks.tracking.summary import Row, Summary, share

TAIL = 0.025


def queries(rows: Sequence[Row]) -> Iterator[Metric]:
    """The mean with an interval by sessions; none where one session is all there is."""
    for row in rows:
        if not row["n"]:
            continue
        mean = of_sums(row)
        low, high = mean.bounds(TAIL, least=0.0) if mean.clusters > 1 else (None, None)
        covered = share(row["known"], row["traces"])
        yield Metric("cost_per_query_usd", mean.value, mean.n, covered, low, high, unit="usd")


SUMMARY = Summary(query_costs(WHOLE), queries)
