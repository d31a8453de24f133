"""At which state the runs of agents failed."""

from tasks.shared.store.tables.table import INTEGER, TEXT, TIME, Column, Table

FAILURES = Table(
    name="failures",
    doc="At which of its states each run of an agent failed first, by whose word, and what code and judge said of it.",
    key=("taxonomy", "trace_id"),
    rewrite="replace",
    columns=(
        Column("taxonomy", TEXT, "name of the agent's taxonomy", required=True),
        Column("trace_id", TEXT, "the run", required=True),
        Column("start_time", TIME, "start of its first span", required=True),
        Column("root_span_id", TEXT, "its root", required=True),
        Column("state", TEXT, "first state that failed; none where the run ended well", required=True),
        Column("last_success", TEXT, "last state before it that completed; none where no state had", required=True),
        Column("span_id", TEXT, "span of the failing state; null where the run ended well or the state has none"),
        Column("step_kind", TEXT, "llm, tool or other: the kind of that span; null without one"),
        Column("step_status", TEXT, "status of that span: OK, ERROR or UNSET"),
        Column("source", TEXT, "by whose word: label, code or judge", required=True),
        Column("explanation", TEXT, "why"),
        Column("detected_state", TEXT, "the state by code and judge together, whatever the label says", required=True),
        Column("detected_span_id", TEXT, "its span"),
        Column("sign", TEXT, "what code went by: status, exception, output, arguments, retrieval, missing, stopped"),
        Column("code_state", TEXT, "the state by code", required=True),
        Column("code_span_id", TEXT, "its span"),
        Column("judge_state", TEXT, "the state by the judge; null without a verdict"),
        Column("judge_status", TEXT, "status of the judge's decision; null where it was not asked"),
        Column("label_state", TEXT, "the state by the label on the trace; null without one"),
        Column("label_last_success", TEXT, "the last success by the label"),
        Column("labelled_span_id", TEXT, "span of the labelled state"),
        Column("last_state", TEXT, "the state that ran last; null where none did"),
        Column("last_span_id", TEXT, "its span"),
        Column("steps", INTEGER, "spans below the root that are in a state", required=True),
        Column("request", TEXT, "what was asked for, its beginning"),
        Column("decided_at", TIME, "when", required=True, volatile=True),
    ),
)
