"""What Phoenix has: spans, and what people and other tools said of them."""

from tasks.shared.store.tables.table import FLOAT, INTEGER, TEXT, TIME, Column, Table

SPANS = Table(
    name="spans",
    doc="One typed row per span, from every dialect that Nightjar understands.",
    key=("span_id",),
    identity=("span_id", "digest"),
    columns=(
        Column("span_id", TEXT, "OpenTelemetry span id, 16 hex digits", required=True),
        Column("trace_id", TEXT, "OpenTelemetry trace id, 32 hex digits", required=True),
        Column("parent_id", TEXT, "parent span id; null for a root"),
        Column("session_id", TEXT, "session.id"),
        Column("user_id", TEXT, "user.id"),
        Column(
            "kind", TEXT, "OpenInference span kind: LLM, CHAIN, TOOL, AGENT, RETRIEVER ... or UNKNOWN", required=True
        ),
        Column("name", TEXT, "span name", required=True),
        Column("status_code", TEXT, "OK, ERROR or UNSET", required=True),
        Column("status_message", TEXT, "status description"),
        Column("start_time", TIME, "start, UTC", required=True),
        Column("end_time", TIME, "end, UTC", required=True),
        Column("latency_ms", FLOAT, "end minus start, milliseconds", required=True),
        Column("service_name", TEXT, "service.name of the resource, where the span carries it"),
        Column("model", TEXT, "model that answered, or else the model asked for"),
        Column("provider", TEXT, "llm.provider / gen_ai.system"),
        Column("prompt_tokens", INTEGER, "input tokens, cached ones included"),
        Column("completion_tokens", INTEGER, "output tokens, reasoning included"),
        Column("total_tokens", INTEGER, "as reported, else prompt plus completion"),
        Column("cache_read_tokens", INTEGER, "input tokens read from the provider's cache"),
        Column("cache_write_tokens", INTEGER, "input tokens written to the provider's cache"),
        Column("reasoning_tokens", INTEGER, "output tokens spent on reasoning"),
        Column("audio_tokens", INTEGER, "audio tokens, input and output"),
        Column("cost_usd", FLOAT, "tokens at the price table's price of that day; null for an unknown model"),
        Column("input", TEXT, "input.value, or the last user message"),
        Column("input_mime_type", TEXT, "as declared"),
        Column("output", TEXT, "output.value, or the last assistant message"),
        Column("output_mime_type", TEXT, "as declared"),
        Column("input_messages", TEXT, 'JSON list of {"role", "content", "tool_calls"?, "tool_call_id"?, "name"?}'),
        Column("output_messages", TEXT, "JSON list, same shape"),
        Column("tools", TEXT, 'JSON list of the tools offered: {"name", "description"?, "parameters"?}'),
        Column("tool_name", TEXT, "tool.name of a TOOL span"),
        Column("tool_arguments", TEXT, "arguments of a TOOL span as JSON text, as given"),
        Column("documents", TEXT, 'JSON list of retrieved {"id"?, "content"?, "score"?, "metadata"?}'),
        Column("prompt_template", TEXT, "llm.prompt_template.template"),
        Column("prompt_version", TEXT, "llm.prompt_template.version"),
        Column("prompt_variables", TEXT, "JSON object"),
        Column("tags", TEXT, "JSON list of strings"),
        Column("metadata", TEXT, "JSON object"),
        Column("exception_type", TEXT, "type of the last exception event"),
        Column("exception_message", TEXT, "message of the last exception event"),
        Column("events", TEXT, "JSON list of the span's events (fetched for status ERROR)"),
        Column("dialect", TEXT, "openinference, traceloop, otel_genai or none", required=True),
        Column("attributes", TEXT, "the fetched attributes as canonical JSON", required=True),
        Column("digest", TEXT, "16 hex digits over all columns above; tells whether a span changed", required=True),
    ),
)

ANNOTATIONS = Table(
    name="annotations",
    doc="Annotations and notes in Phoenix that Nightjar did not write, placed by the start of what they annotate.",
    key=("annotation_id",),
    columns=(
        Column("annotation_id", TEXT, "Phoenix's id", required=True),
        Column("unit", TEXT, "span, trace or session", required=True),
        Column("unit_id", TEXT, "id of the span, trace or session", required=True),
        Column("start_time", TIME, "start of the unit", required=True),
        Column("name", TEXT, "annotation name; `note` for notes", required=True),
        Column("annotator_kind", TEXT, "HUMAN, LLM or CODE", required=True),
        Column("label", TEXT, "label"),
        Column("score", FLOAT, "score"),
        Column("explanation", TEXT, "explanation or the note's text"),
        Column("identifier", TEXT, "the writer's identifier; empty when none", required=True),
        Column("metadata", TEXT, "JSON object"),
        Column("user_id", TEXT, "Phoenix user who wrote it"),
        Column("created_at", TIME, "first written"),
        Column("updated_at", TIME, "last written"),
    ),
)

FEEDBACK = Table(
    name="feedback",
    doc=(
        "What people thought of answers, as an application recorded it, and which trace it is about. What is matched "
        "is an annotation in Phoenix too, and in `annotations` has the identifier `feedback:<feedback_id>`."
    ),
    key=("feedback_id",),
    grain="day",
    columns=(
        Column("feedback_id", TEXT, "16 hex digits over the key of the recorded item", required=True),
        Column("start_time", TIME, "when it was given", required=True),
        Column("session_id", TEXT, "session as recorded"),
        Column("recorded_trace_id", TEXT, "trace id as recorded; null where the application kept none"),
        Column("text", TEXT, "question as recorded"),
        Column("rating", TEXT, "positive or negative", required=True),
        Column("comment", TEXT, "what the person wrote"),
        Column("status", TEXT, "matched, unmatched: it is tried again later, given_up, or withdrawn", required=True),
        Column("matched_by", TEXT, "trace_id or session; null unless matched"),
        Column("trace_id", TEXT, "the trace it is about; null unless matched"),
        Column("span_id", TEXT, "that trace's root, which carries the annotation in Phoenix"),
        Column("read_at", TIME, "when the row was written last", required=True, volatile=True),
    ),
)
