-- What each call of a model says of its prompt: lengths and hashes of the variables' values, never the values.
SELECT
    name,
    coalesce(prompt_version, '') AS version,
    coalesce(session_id, trace_id) AS cluster,
    prompt_tokens,
    coalesce(cache_read_tokens, 0) AS cache_read_tokens,
    prompt_template AS template,
    list_transform(
        coalesce(json_keys(prompt_variables), []),
        lambda key : {
            'name': key,
            'chars': coalesce(length(prompt_variables ->> ('/' || replace(replace(key, '~', '~0'), '/', '~1'))), 0),
            'digest': coalesce(hash(prompt_variables ->> ('/' || replace(replace(key, '~', '~0'), '/', '~1'))) >> 1, 0)
        }
    ) AS variables,
    coalesce(
        list_sum(list_transform(json_extract_string(input_messages, '$[*].content'), lambda text : length(text))), 0
    )::BIGINT AS message_chars,
    coalesce(length(tools), 0) AS tool_chars
FROM spans
WHERE kind = 'LLM' AND prompt_tokens > 0 AND ($name IS NULL OR name = $name)
