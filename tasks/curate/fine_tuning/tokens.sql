-- Calls whose tokens are those of their messages and their answer alone: no tools, no images, no reasoning.
SELECT
    coalesce(session_id, trace_id) AS cluster,
    CAST(prompt_tokens + completion_tokens AS DOUBLE) AS tokens,
    CAST(
        list_sum(list_transform(json_extract_string(input_messages, '$[*].content'), lambda text : length(text)))
        + length(output) AS DOUBLE
    ) AS characters
FROM spans
WHERE
    kind = 'LLM' AND list_contains($models, model) AND prompt_tokens > 0 AND completion_tokens > 0
    AND json_valid(input_messages) AND output <> '' AND coalesce(tools, '[]') = '[]'
    AND coalesce(reasoning_tokens, 0) = 0 AND coalesce(audio_tokens, 0) = 0
    AND len(list_filter(json_extract_string(input_messages, '$[*].content'), lambda text : text IS NULL)) = 0
ORDER BY md5(span_id)
LIMIT $at_most
