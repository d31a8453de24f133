"""Which prompt version a span, or a decision on it, belongs to: SQL that several groups of metrics share."""

# Somebody's "version" may be a new text with every call; a day's metrics keep the versions that were used most.
MOST_VERSIONS = 20
DIMENSION = "'prompt_version=' || prompt_version"

# `kept_versions` and, for units that are no model call themselves, `of_traces`: the one version that a trace has used.
VERSIONS = f"""
kept_versions AS (
    SELECT prompt_version FROM spans WHERE prompt_version IS NOT NULL
    GROUP BY prompt_version ORDER BY count(*) DESC, prompt_version LIMIT {MOST_VERSIONS}
),
own AS (
    SELECT span_id, prompt_version FROM spans SEMI JOIN kept_versions USING (prompt_version)
),
of_traces AS (
    SELECT trace_id, min(prompt_version) AS prompt_version FROM spans WHERE prompt_version IS NOT NULL
    GROUP BY trace_id HAVING min(prompt_version) = max(prompt_version)
)
"""
