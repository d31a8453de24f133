"""What each evaluator scored, how often its units pass, of how many eligible ones, and why the others have no score."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tasks.shared.records import Direction, Metric
from tasks.shared.statistics.bounds import MISSING, bounds
from tasks.shared.statistics.hajek import Totals, hajek_of_totals
from tasks.tracking.prompt_versions import VERSIONS
from tasks.tracking.summary import Row, Summary, count, rate, share

# The version that decided last speaks for the day. `scales` are the judges' scales; what is no judge scores from 0 to
# 1, or between the lowest and highest score of the day. A session is in no trace and stands for itself. What a decision
# says counts for the whole day (no dimension), and for the prompt version of its span, or of its trace.
QUERY = f"""
WITH {VERSIONS},
versions AS (
    SELECT evaluator, version, max(decided_at) AS decided_at FROM decisions GROUP BY evaluator, version
),
latest AS (
    SELECT * FROM versions QUALIFY row_number() OVER (PARTITION BY evaluator ORDER BY decided_at DESC, version DESC) = 1
),
whole AS (
    SELECT evaluator, version, unit_id, trace_id, status, direction, score, 1 / inclusion_probability AS weight,
        coalesce(trace_id, unit_id) AS trace, '' AS dimension
    FROM decisions SEMI JOIN latest USING (evaluator, version)
),
decided AS (
    FROM whole
    UNION ALL
    SELECT whole.* REPLACE ('prompt_version=' || coalesce(own.prompt_version, of_traces.prompt_version) AS dimension)
    FROM whole LEFT JOIN own ON unit_id = span_id LEFT JOIN of_traces USING (trace_id)
    WHERE coalesce(own.prompt_version, of_traces.prompt_version) IN (FROM kept_versions)
),
statuses AS (
    SELECT evaluator, dimension, any_value(direction) AS direction,
        list(struct_pack(status, units, weight) ORDER BY status) AS statuses
    FROM (
        SELECT evaluator, dimension, any_value(direction) AS direction, status, count(*) AS units,
            fsum(weight) AS weight
        FROM decided GROUP BY evaluator, dimension, status
    )
    GROUP BY evaluator, dimension
),
observed AS (
    SELECT evaluator, dimension, version, 'score' AS measure, score AS value, weight, trace
    FROM decided WHERE status = 'scored' AND score IS NOT NULL
    UNION ALL
    SELECT evaluator, dimension, version, 'pass_rate',
        CAST(CASE WHEN direction = 'minimize' THEN score <= passes_at ELSE score >= passes_at END AS DOUBLE),
        weight, trace
    FROM decided JOIN scales USING (evaluator, version) WHERE status = 'scored' AND score IS NOT NULL
),
means AS (
    SELECT evaluator, dimension, measure, any_value(version) AS version,
        fsum(weight * value) / fsum(weight) AS mean, min(value) AS smallest, max(value) AS largest
    FROM observed GROUP BY evaluator, dimension, measure
),
ends AS (
    SELECT evaluator, dimension, measure, mean,
        CASE WHEN measure = 'pass_rate' OR lowest IS NULL AND smallest >= 0 AND largest <= 1 THEN 0
            ELSE least(coalesce(lowest, smallest), smallest) END AS lowest,
        CASE WHEN measure = 'pass_rate' OR lowest IS NULL AND smallest >= 0 AND largest <= 1 THEN 1
            ELSE greatest(coalesce(highest, largest), largest) END AS highest
    FROM means LEFT JOIN scales USING (evaluator, version)
),
traces AS (
    SELECT evaluator, dimension, measure, trace, count(*) AS n, fsum(weight) AS weight,
        fsum(weight * (value - mean)) AS error, bool_and(value IN (lowest, highest)) AS ends_only,
        any_value(mean) AS mean, any_value(lowest) AS lowest, any_value(highest) AS highest
    FROM observed JOIN ends USING (evaluator, dimension, measure) GROUP BY evaluator, dimension, measure, trace
),
totals AS (
    SELECT evaluator, dimension, measure, any_value(mean) AS mean, any_value(lowest) AS lowest,
        any_value(highest) AS highest, CAST(sum(n) AS BIGINT) AS n, count(*) AS traces, fsum(weight) AS weight,
        fsum(error ** 2) AS squared_errors, fsum(weight ** 2) AS squared_weights, bool_and(ends_only) AS ends_only
    FROM traces GROUP BY evaluator, dimension, measure
)
SELECT * EXCLUDE (mean), least(greatest(mean, lowest), highest) AS mean
FROM statuses LEFT JOIN totals USING (evaluator, dimension) ORDER BY evaluator, dimension, measure
"""


def scores(rows: Sequence[Row]) -> Iterator[Metric]:
    """Hájek means with the process's interval, their bounds, coverage, and the count of every decision status.

    Coverage is the share of eligible units that were scored; eligible are all but those not applicable. Sampling
    lowers it on purpose: `worst` and `best` are about the units that should have a score and have none.
    """
    for evaluator, dimension in dict.fromkeys((row["evaluator"], row["dimension"]) for row in rows):
        mine = [row for row in rows if (row["evaluator"], row["dimension"]) == (evaluator, dimension)]
        units = {each["status"]: each["units"] for each in mine[0]["statuses"]}
        decided = sum(units.values())
        eligible = decided - units.get("not_applicable", 0)
        yield from (_mean(row, eligible) for row in mine if row["n"])
        yield from rate(f"coverage/{evaluator}", units.get("scored", 0), eligible, dimension)
        if not dimension:
            for status, number in units.items():
                yield count(f"decisions/{evaluator}", number, f"status={status}", of=decided)


def _mean(row: Row, eligible: int) -> Metric:
    """The mean with its interval (none where all scores are one on an unknown scale) and its bounds."""
    name, unit = f"{row['measure']}/{row['evaluator']}", "share" if row["measure"] == "pass_rate" else "score"
    covered = share(row["n"], eligible)
    metric = Metric(name, row["mean"], row["n"], covered, dimension=row["dimension"], unit=unit)
    lowest, highest = row["lowest"], row["highest"]
    if lowest == highest:
        return metric
    sums = ("n", "traces", "mean", "weight", "squared_errors", "squared_weights", "ends_only")
    estimate = hajek_of_totals(Totals(*(row[column] for column in sums)), lowest=lowest, highest=highest)
    metric = replace(metric, low=estimate.low, high=estimate.high)
    missing = {each["status"]: each["weight"] for each in row["statuses"] if each["status"] in MISSING}
    # A pass is the better end, whatever the direction of the scores.
    direction: Direction = "maximize" if unit == "share" else row["direction"] or "maximize"
    found = bounds(
        metric.value, {**missing, "scored": row["weight"]}, lowest=lowest, highest=highest, direction=direction
    )
    return replace(metric, worst=found.worst, best=found.best) if missing and found else metric


SUMMARY = Summary(QUERY, scores)
