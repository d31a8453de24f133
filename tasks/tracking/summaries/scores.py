"""What each evaluator scored, of how many eligible units, and why the others have no score."""

from collections.abc import Iterator, Sequence
from math import sqrt

from tasks.shared.records import Metric
from tasks.shared.statistics.intervals import student, wilson
from tasks.tracking.summary import Row, Summary, count, rate, share

# The version that decided last speaks for the day. Weights are inverse inclusion probabilities: a sampled unit stands
# for those that were left out. The standard error is that of a ratio of weighted sums (W. G. Cochran (1977),
# Sampling techniques, 3rd ed., section 6.4); with equal weights it is the ordinary one.
QUERY = """
WITH versions AS (
    SELECT evaluator, version, max(decided_at) AS decided_at FROM decisions GROUP BY evaluator, version
),
latest AS (
    SELECT * FROM versions QUALIFY row_number() OVER (PARTITION BY evaluator ORDER BY decided_at DESC, version DESC) = 1
),
decided AS (
    SELECT evaluator, status, score, 1 / inclusion_probability AS weight
    FROM decisions SEMI JOIN latest USING (evaluator, version)
),
means AS (
    SELECT evaluator, fsum(weight * score) / fsum(weight) AS mean
    FROM decided WHERE status = 'scored' AND score IS NOT NULL GROUP BY evaluator
),
scores AS (
    SELECT evaluator, any_value(mean) AS mean, count(*) AS n, count(*) FILTER (score = 1) AS ones,
        bool_and(score IN (0, 1)) AND min(weight) = max(weight) AS yes_or_no,
        fsum((weight * (score - mean)) ** 2) / fsum(weight) ** 2 AS squared_error
    FROM decided JOIN means USING (evaluator) WHERE status = 'scored' AND score IS NOT NULL GROUP BY evaluator
),
statuses AS (
    SELECT evaluator, status, count(*) AS units FROM decided GROUP BY evaluator, status
)
SELECT evaluator, status, units, mean, n, ones, yes_or_no, squared_error
FROM statuses LEFT JOIN scores USING (evaluator) ORDER BY evaluator, status
"""


def scores(rows: Sequence[Row]) -> Iterator[Metric]:
    """Mean score with interval, coverage = scored / eligible, and the count of every decision status."""
    for evaluator in dict.fromkeys(row["evaluator"] for row in rows):
        mine = [row for row in rows if row["evaluator"] == evaluator]
        units = {row["status"]: row["units"] for row in mine}
        decided = sum(units.values())
        eligible = decided - units.get("not_applicable", 0)
        yield from _mean(f"score/{evaluator}", mine[0], eligible)
        yield from rate(f"coverage/{evaluator}", units.get("scored", 0), eligible)
        for status, number in units.items():
            yield count(f"decisions/{evaluator}", number, f"status={status}", of=decided)


def _mean(name: str, row: Row, eligible: int) -> Iterator[Metric]:
    """Scores that are only 0 or 1 are shares, whose interval does not vanish when all of them agree."""
    n = row["n"]
    if not n:
        return
    if row["yes_or_no"]:
        interval: tuple[float, float] | None = wilson(row["ones"], n)
    else:
        interval = student(row["mean"], sqrt(row["squared_error"] * n / max(n - 1, 1)), n)
    low, high = interval or (None, None)
    yield Metric(name, row["mean"], n, share(n, eligible), low, high, unit="score")


SUMMARY = Summary(QUERY, scores)
