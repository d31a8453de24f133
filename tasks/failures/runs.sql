-- One row per span of the runs that begin in [$start, $end) and whose root is asked for: $roots are names with *, and
-- without any it is roots of kind AGENT, or all roots where none is. The root of a run comes first.
-- metadata, attributes: those of a root with a label.
-- output_head: the first 400 characters of what the span said; of a whole response as JSON, of the message in it.
-- What orders spans is read alone first: whole spans of a week would not fit into memory together.
WITH ordered AS (
    SELECT
        trace_id,
        span_id,
        name,
        kind,
        start_time,
        row_number() OVER (PARTITION BY trace_id ORDER BY parent_id IS NOT NULL, start_time, span_id) AS place
    FROM spans
),
known AS (
    SELECT trace_id, min(start_time) AS began, first(name ORDER BY place) AS root, first(kind ORDER BY place) AS root_kind
    FROM ordered
    GROUP BY trace_id
    HAVING min(start_time) >= $start AND min(start_time) < $end
),
asked AS (
    SELECT trace_id, began
    FROM known
    WHERE CASE
        WHEN len(CAST($roots AS VARCHAR[])) > 0
            THEN len(list_filter(CAST($roots AS VARCHAR[]), lambda pattern: known.root GLOB pattern)) > 0
        ELSE root_kind = 'AGENT' OR NOT EXISTS (SELECT 1 FROM known AS any_root WHERE any_root.root_kind = 'AGENT')
    END
),
wanted AS (SELECT trace_id, span_id, place, began FROM ordered JOIN asked USING (trace_id))
SELECT
    trace_id,
    began,
    place,
    span_id,
    parent_id,
    name,
    kind,
    status_code,
    status_message,
    start_time,
    exception_type,
    exception_message,
    events IS NOT NULL AND contains(events, '"exception"') AS exception_event,
    left(
        CASE
            WHEN output LIKE '{%' AND output_messages IS NOT NULL
                THEN coalesce(json_extract_string(output_messages, '$[#-1].content'), output)
            ELSE output
        END,
        400
    ) AS output_head,
    tool_name,
    tool_arguments,
    CASE WHEN contains(output_messages, '"tool_calls"') THEN output_messages END AS calling_messages,
    CASE WHEN tool_arguments IS NOT NULL OR contains(output_messages, '"tool_calls"') THEN tools END AS tools,
    kind = 'RETRIEVER' AND (
        documents = '[]'
        OR documents IS NULL AND (
            coalesce(trim(output), '') = ''
            OR regexp_full_match(trim(output), '\[\s*\]|\{\s*\}|null|(0|no) (results?|documents?|matches)\b.*', 'is')
        )
    ) AS empty_retrieval,
    CASE WHEN place = 1 THEN left(input, 2000) END AS request,
    CASE WHEN place = 1 AND contains(metadata, 'first_failure_state') THEN metadata END AS metadata,
    CASE WHEN place = 1 AND contains(attributes, 'first_failure_state') THEN attributes END AS attributes
FROM spans
JOIN wanted USING (trace_id, span_id)
ORDER BY began, trace_id, place
