"""How often a span, and a whole trace, has the status ERROR."""

from collections.abc import Iterator, Sequence

from tasks.shared.records import Metric
from tasks.tracking.summary import Row, Summary, rate

QUERY = """
SELECT count(*) AS spans, count(*) FILTER (status_code = 'ERROR') AS failed_spans,
    count(DISTINCT trace_id) AS traces, count(DISTINCT trace_id) FILTER (status_code = 'ERROR') AS failed_traces
FROM spans
"""


def errors(rows: Sequence[Row]) -> Iterator[Metric]:
    """Rates with Wilson intervals; a trace failed when any of its spans did."""
    row = rows[0]
    yield from rate("error_rate/spans", row["failed_spans"], row["spans"])
    yield from rate("error_rate/traces", row["failed_traces"], row["traces"])


SUMMARY = Summary(QUERY, errors)
