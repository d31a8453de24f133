-- Calls of a model whose answer has a score of the metric, with the examples (of `in_prompt`) that their messages show.
WITH said AS (
    SELECT
        span_id,
        name,
        input,
        (SELECT string_agg(text, chr(10)) FROM unnest(json_extract_string(input_messages, '$[*].content')) AS t (text))
            AS messages
    FROM spans
    WHERE kind = 'LLM' AND input IS NOT NULL AND input_messages IS NOT NULL
),
shown AS (
    SELECT said.span_id, said.name, list(in_prompt.number) AS shown
    FROM said JOIN in_prompt ON contains(said.messages, in_prompt.text)
    GROUP BY ALL
),
latest AS (
    SELECT arg_max(version, (decided_at, version)) AS version FROM decisions WHERE evaluator = $metric
)
SELECT said.input AS question, coalesce(shown.shown, []) AS shown, d.version, d.score, d.direction
FROM said
JOIN decisions AS d ON d.unit = 'span' AND d.unit_id = said.span_id AND d.evaluator = $metric AND d.status = 'scored'
JOIN latest ON latest.version = d.version
LEFT JOIN shown USING (span_id)
WHERE $everything OR said.name IN (SELECT name FROM shown)
