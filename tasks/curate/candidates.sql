-- What is known of the answer to what was asked (asked.sql): one row per candidate.
-- Relations beside the lake's tables: thresholds (evaluator, threshold), rated (trace_id, positive, negative: what
-- people told the application), brought (identifier, rating: the annotations that repeat it) and cohort_shares
-- (cohort, share).
traces AS (
    SELECT
        trace_id,
        count(*) FILTER (status_code = 'ERROR') AS errors,
        count(*) FILTER (
            kind = 'GUARDRAIL' AND (status_code = 'ERROR' OR regexp_matches(coalesce(output, ''), $blocking, 'i'))
        ) AS guarded
    FROM spans
    SEMI JOIN candidates USING (trace_id)
    GROUP BY trace_id
),

-- The latest decision of each evaluator on each unit.
latest AS (
    SELECT
        *,
        CASE direction WHEN 'minimize' THEN -score ELSE score END AS goodness
    FROM decisions
    WHERE status = 'scored' AND unit IN ('span', 'trace')
    QUALIFY row_number() OVER (PARTITION BY unit, unit_id, evaluator ORDER BY decided_at DESC, version DESC) = 1
),

-- What an evaluator said of the span itself; else the worst it said of its trace and the trace's other spans.
verdicts AS (
    SELECT
        candidates.span_id,
        latest.evaluator,
        first(
            struct_pack(score := latest.score, label := latest.label, direction := latest.direction)
            ORDER BY latest.unit_id <> candidates.span_id, latest.goodness NULLS FIRST, latest.unit_id
        ) AS said
    FROM candidates
    INNER JOIN latest USING (trace_id)
    GROUP BY ALL
),

graded AS (
    SELECT
        span_id,
        map_from_entries(list(struct_pack(key := evaluator, value := said.score))) AS scores,
        map_from_entries(list(struct_pack(key := evaluator, value := said.label))) AS labels,
        count(*) FILTER (
            CASE said.direction WHEN 'minimize' THEN said.score <= threshold ELSE said.score >= threshold END
        ) AS met,
        count(*) FILTER (
            CASE said.direction WHEN 'minimize' THEN said.score > threshold ELSE said.score < threshold END
        ) AS missed
    FROM verdicts
    LEFT JOIN thresholds USING (evaluator)
    GROUP BY span_id
),

people AS (
    SELECT
        *,
        list_contains($feedback_names, name) AS is_feedback,
        -- One that a person changed in Phoenix since says something of its own.
        (identifier, coalesce(label, '')) IN (SELECT (brought.identifier, brought.rating) FROM brought) AS is_counted,
        list_contains($corrections, name) AS is_correction
    FROM annotations
    WHERE annotator_kind = 'HUMAN' AND unit IN ('span', 'trace') AND name <> 'note'
),

-- Feedback on any span of a trace is feedback on its answer; all else that people say is about what they annotated.
opinions AS (
    SELECT candidates.span_id AS of_span, people.*
    FROM candidates INNER JOIN people ON candidates.span_id = people.unit_id
    UNION ALL
    SELECT candidates.span_id AS of_span, people.*
    FROM candidates INNER JOIN people ON candidates.trace_id = people.unit_id
    UNION ALL
    SELECT candidates.span_id AS of_span, people.*
    FROM candidates
    INNER JOIN spans AS sibling ON candidates.trace_id = sibling.trace_id AND candidates.span_id <> sibling.span_id
    INNER JOIN people ON sibling.span_id = people.unit_id AND people.is_feedback
),

said AS (
    SELECT
        of_span AS span_id,
        count(*) FILTER (
            is_feedback AND NOT is_counted
            AND CASE WHEN label IS NULL THEN score > 0 ELSE list_contains($positive, lower(trim(label))) END
        ) AS positive,
        count(*) FILTER (
            is_feedback AND NOT is_counted
            AND CASE WHEN label IS NULL THEN score <= 0 ELSE list_contains($negative, lower(trim(label))) END
        ) AS negative,
        count(*) FILTER (NOT is_feedback AND list_contains($approving, lower(trim(label)))) AS approved,
        count(*) FILTER (NOT is_feedback AND list_contains($rejecting, lower(trim(label)))) AS rejected,
        count(*) FILTER (NOT is_feedback) AS labelled,
        -- The newest one.
        arg_max(coalesce(nullif(trim(explanation), ''), label), coalesce(updated_at, created_at, start_time))
            FILTER (is_correction) AS correction,
        to_json(
            list(
                struct_pack(name := name, label := label, score := score, explanation := explanation)
                ORDER BY name, annotation_id
            )
        ) AS opinions
    FROM opinions
    GROUP BY of_span
),

belongs AS (
    SELECT
        span_id,
        list_filter(
            list_transform(
                $cohorts,
                lambda field: field || '=' || json_extract_string(metadata, '$."' || field || '"')
            ),
            lambda cohort: cohort IS NOT NULL
        ) AS cohorts
    FROM candidates
    WHERE json_valid(metadata)
),

rarest AS (
    SELECT span_id, min(share) AS cohort_share
    FROM (SELECT span_id, unnest(cohorts) AS cohort FROM belongs)
    INNER JOIN cohort_shares USING (cohort)
    GROUP BY span_id
)

SELECT
    candidates.span_id,
    candidates.trace_id,
    candidates.session_id,
    candidates.start_time,
    candidates.name,
    candidates.kind,
    candidates.status_code,
    candidates.question,
    candidates.output,
    candidates.metadata,
    candidates.prompt_version,
    candidates.model,
    candidates.latency_ms,
    candidates.cost_usd,
    candidates.total_tokens,
    length(candidates.question) <= $short AS short,
    length(candidates.question) >= $long AS long,
    traces.errors,
    traces.guarded,
    coalesce(graded.scores['refusal'] >= 1, false) AS refused,
    refused OR traces.guarded > 0 AS blocked,
    coalesce(said.positive, 0) + coalesce(rated.positive, 0) AS positive,
    coalesce(said.negative, 0) + coalesce(rated.negative, 0) AS negative,
    coalesce(said.approved, 0) AS approved,
    coalesce(said.rejected, 0) AS rejected,
    coalesce(said.labelled, 0) AS labelled,
    said.correction,
    said.opinions,
    graded.scores,
    graded.labels,
    (SELECT count(*) FROM thresholds) AS thresholds,
    coalesce(graded.met, 0) AS met,
    coalesce(graded.missed, 0) AS missed,
    coalesce(belongs.cohorts, []) AS cohorts,
    coalesce(rarest.cohort_share, 1.0) AS cohort_share
FROM candidates
INNER JOIN traces USING (trace_id)
LEFT JOIN rated USING (trace_id)
LEFT JOIN said USING (span_id)
LEFT JOIN graded USING (span_id)
LEFT JOIN belongs USING (span_id)
LEFT JOIN rarest USING (span_id)
