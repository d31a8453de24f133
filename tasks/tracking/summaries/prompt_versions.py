"""Model calls, errors and cost by prompt version (the scores by version are with the scores)."""

from collections.abc import Iterator, Sequence

from tasks.shared.records import Metric
from tasks.tracking.prompt_versions import DIMENSION, VERSIONS
from tasks.tracking.summary import Row, Summary, count, rate, share

QUERY = f"""
WITH {VERSIONS}
SELECT {DIMENSION} AS dimension, count(*) AS spans, count(*) FILTER (status_code = 'ERROR') AS failed,
    count(cost_usd) AS priced, coalesce(fsum(cost_usd), 0) AS cost_usd
FROM spans SEMI JOIN kept_versions USING (prompt_version)
GROUP BY dimension ORDER BY dimension
"""


def prompt_versions(rows: Sequence[Row]) -> Iterator[Metric]:
    """Counts, error rates and cost of the spans that bear a version; nothing where none does."""
    for row in rows:
        dimension = row["dimension"]
        yield count("spans", row["spans"], dimension)
        yield from rate("error_rate/spans", row["failed"], row["spans"], dimension)
        if row["priced"]:
            covered = share(row["priced"], row["spans"])
            yield Metric("cost_usd", row["cost_usd"], row["priced"], covered, dimension=dimension, unit="usd")


SUMMARY = Summary(QUERY, prompt_versions)
