-- What was asked: one row per span that is looked at and starts in [$start, $end), with the text of the question.
-- A session is often named on the root span only.
sessions AS (
    SELECT
        trace_id,
        min(session_id) AS trace_session
    FROM spans
    WHERE session_id IS NOT NULL
    GROUP BY trace_id
),

asked AS (
    SELECT
        span_id,
        trace_id,
        coalesce(session_id, trace_session) AS session_id,
        start_time,
        name,
        kind,
        status_code,
        output,
        metadata,
        prompt_version,
        model,
        latency_ms,
        cost_usd,
        total_tokens,
        coalesce(
            CASE WHEN json_valid(prompt_variables) THEN json_extract_string(prompt_variables, $question) END,
            CASE WHEN input LIKE '{%' AND json_valid(input) THEN json_extract_string(input, $question) END,
            CASE
                WHEN json_valid(input_messages)
                    THEN list_filter(
                        from_json(input_messages, '[{"role": "VARCHAR", "content": "VARCHAR"}]'),
                        lambda message: message.role = 'user'
                    )[-1].content
            END,
            input
        ) AS question
    FROM spans
    LEFT JOIN sessions USING (trace_id)
    WHERE
        start_time >= $start AND start_time < $end
        AND CASE WHEN len($names) > 0 THEN list_contains($names, name) ELSE parent_id IS NULL END
),

candidates AS (
    SELECT *
    FROM asked
    WHERE trim(question) <> '' AND length(question) <= $longest
)
