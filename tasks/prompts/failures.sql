-- Calls of one prompt in the window that failed, with what evaluators and people said of them and of their traces.
-- `passing` has the scores from which versions of judges pass. $evaluators count, and with $judges every judge.
-- A session is often named on the root span only.
WITH sessions AS (
    SELECT trace_id, min(session_id) AS trace_session FROM spans WHERE session_id IS NOT NULL GROUP BY trace_id
),
calls AS (
    SELECT span_id, trace_id, coalesce(session_id, trace_session) AS session_id, start_time, input, output,
        prompt_variables, prompt_version
    FROM spans LEFT JOIN sessions USING (trace_id)
    WHERE (list_contains($versions, prompt_version) OR list_contains($names, name)) AND output IS NOT NULL
        AND trace_id NOT IN (SELECT trace_id FROM examples WHERE split IN ('test', 'holdout'))
),
latest AS (
    SELECT evaluator, arg_max(version, (decided_at, version)) AS version FROM decisions
    WHERE list_contains($evaluators, evaluator) OR $judges AND kind = 'llm' GROUP BY evaluator
),
judged AS (
    SELECT calls.span_id, evaluator, score, label, explanation,
        CASE WHEN direction = 'minimize' THEN score > coalesce(passes_at, 0.5)
            ELSE score < coalesce(passes_at, 0.5) END AS failed
    FROM decisions JOIN latest USING (evaluator, version) LEFT JOIN passing USING (evaluator, version)
    JOIN calls ON decisions.unit = 'span' AND decisions.unit_id = calls.span_id
        OR decisions.unit = 'trace' AND decisions.unit_id = calls.trace_id
    WHERE status = 'scored' AND score IS NOT NULL
),
-- A person's word on any span of the trace is about the call, too.
said AS (
    SELECT CASE unit WHEN 'trace' THEN unit_id ELSE spans.trace_id END AS trace_id, annotations.name, label,
        explanation, lower(label) IN (SELECT lower(unnest($rejecting))) OR score <= 0 AS negative,
        list_contains($corrections, annotations.name) AS correction
    FROM annotations LEFT JOIN spans ON unit = 'span' AND unit_id = spans.span_id
    WHERE annotator_kind = 'HUMAN'
        AND identifier NOT IN (SELECT $feedback || feedback_id FROM feedback WHERE status = 'withdrawn')
    UNION ALL
    SELECT trace_id, 'feedback', rating, comment, rating = 'negative', false FROM feedback WHERE trace_id IS NOT NULL
),
by_people AS (
    SELECT trace_id, bool_or(coalesce(negative, false)) AS negative,
        list(DISTINCT explanation ORDER BY explanation) FILTER (explanation <> '' AND NOT correction) AS comments,
        max(explanation) FILTER (correction AND explanation <> '') AS correction
    FROM said GROUP BY trace_id
),
by_evaluators AS (
    SELECT span_id, list(
        struct_pack(evaluator, label, score, explanation) ORDER BY evaluator
    ) FILTER (failed) AS failures
    FROM judged GROUP BY span_id
),
troubles AS (
    SELECT trace_id, min(coalesce(exception_type || ': ', '') || coalesce(exception_message, status_message)) AS trouble
    FROM spans SEMI JOIN calls USING (trace_id) WHERE status_code = 'ERROR' GROUP BY trace_id
)
SELECT calls.*, coalesce(failures, []) AS failures, coalesce(comments, []) AS comments,
    coalesce(negative, false) AS rejected, correction, trouble
FROM calls LEFT JOIN by_evaluators USING (span_id) LEFT JOIN by_people USING (trace_id)
    LEFT JOIN troubles USING (trace_id)
WHERE len(coalesce(failures, [])) > 0 OR coalesce(negative, false)
ORDER BY start_time, span_id
