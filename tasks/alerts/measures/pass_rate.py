"""The share of units that pass, by evaluator.

Raw here; a rule that reads it takes a judge's own errors out, where people's labels tell how often it errs.
"""

from tasks.alerts.measure import Measure

# The version that decided last speaks for the unit. `passing` has the score at which a judge passes.
QUERY = """
SELECT start_time, 'evaluator=' || evaluator AS dimension, coalesce(trace_id, unit_id) AS cluster,
    1 / inclusion_probability AS weight,
    CAST(CASE WHEN direction = 'minimize' THEN score <= coalesce(passes_at, 0.5)
        ELSE score >= coalesce(passes_at, 0.5) END AS DOUBLE) AS value, unit || ':' || unit_id AS example
FROM decisions LEFT JOIN passing USING (evaluator, version)
WHERE status = 'scored' AND score BETWEEN 0 AND 1
QUALIFY row_number() OVER (
    PARTITION BY unit, unit_id, evaluator ORDER BY decided_at DESC, version DESC) = 1
"""

MEASURE = Measure(
    kind="share", title="Pass rate", unit="share", worse="low", query=QUERY, tables=("decisions",), judged=True
)
