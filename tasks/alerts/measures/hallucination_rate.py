"""The share of units that a judge of `alerts.hallucination_judges` fails, by evaluator.

Raw here, as `pass_rate`; a rule that reads it takes the judge's own errors out.
"""

from tasks.alerts.measure import Measure

QUERY = """
SELECT start_time, 'evaluator=' || evaluator AS dimension, coalesce(trace_id, unit_id) AS cluster,
    1 / inclusion_probability AS weight,
    CAST(CASE WHEN direction = 'minimize' THEN score > coalesce(passes_at, 0.5)
        ELSE score < coalesce(passes_at, 0.5) END AS DOUBLE) AS value, unit || ':' || unit_id AS example
FROM decisions LEFT JOIN passing USING (evaluator, version)
WHERE status = 'scored' AND score IS NOT NULL AND list_contains($hallucination_judges, evaluator)
QUALIFY row_number() OVER (
    PARTITION BY unit, unit_id, evaluator ORDER BY decided_at DESC, version DESC) = 1
"""

MEASURE = Measure(
    kind="share",
    title="Hallucination rate",
    unit="share",
    query=QUERY,
    tables=("decisions",),
    parameters=("hallucination_judges",),
    judged=True,
)
