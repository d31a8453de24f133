"""How clean the day's data is: rows kept out, and checks that warned."""

from collections.abc import Iterator, Sequence

from tasks.shared.records import Metric
from tasks.shared.store.verdicts import standing
from tasks.tracking.summary import Row, Summary, count

# What the checks found in the metrics themselves comes after this and would make the next run count it.
QUERY = f"""
WITH looked_at AS (
    SELECT table_name, file, expectation, "column", bool_or(severity = 'warning' AND NOT success) AS warned
    FROM {standing()} WHERE table_name NOT IN ('metrics', 'period_metrics') GROUP BY ALL
)
SELECT (SELECT count(*) FROM quarantine WHERE table_name NOT IN ('metrics', 'period_metrics')) AS quarantined,
    (SELECT count(*) FROM spans) AS spans, count(*) AS checks, count(*) FILTER (warned) AS warned
FROM looked_at
"""


def quality(rows: Sequence[Row]) -> Iterator[Metric]:
    """Exact counts."""
    row = rows[0]
    yield count("quarantined_rows", row["quarantined"], of=row["spans"] + row["quarantined"])
    yield count("check_warnings", row["warned"], of=row["checks"])


SUMMARY = Summary(QUERY, quality)
