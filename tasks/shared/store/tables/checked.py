"""What the checks between stages said."""

from tasks.shared.store.tables.table import FLAG, INTEGER, TEXT, TIME, Column, Table

CHECKS = Table(
    name="checks",
    doc="What the checks between stages found, passed or not.",
    key=("table_name", "file", "start_time", "end_time", "expectation", "column"),
    rewrite="replace",
    columns=(
        Column("start_time", TIME, "start of the checked window", required=True),
        Column("end_time", TIME, "end of the checked window", required=True),
        Column("table_name", TEXT, "table checked", required=True),
        Column("file", TEXT, "the writer's file in the partition: part, or evaluator@version", required=True),
        Column("expectation", TEXT, "Great Expectations type", required=True),
        Column("column", TEXT, "column or columns it looks at; empty for the whole table", required=True),
        Column("severity", TEXT, "critical or warning", required=True),
        Column("success", FLAG, "held", required=True),
        Column("checked", INTEGER, "rows looked at", required=True),
        Column("failing", INTEGER, "rows that fail", required=True),
        Column("observed", TEXT, "what was seen, in words", required=True),
        Column("examples", TEXT, "JSON list of up to five failing keys with their values", required=True),
    ),
)

QUARANTINE = Table(
    name="quarantine",
    doc="Rows kept out, with the reason: malformed spans, and rows that failed a critical check.",
    key=("table_name", "row_id", "reason"),
    rewrite="replace",
    columns=(
        Column("start_time", TIME, "start of the row's unit, or of the window where the row has none", required=True),
        Column("table_name", TEXT, "table the row was meant for", required=True),
        Column("row_id", TEXT, "its key as text", required=True),
        Column("stage", TEXT, "normalise or the check that failed", required=True),
        Column("reason", TEXT, "what is wrong, which value", required=True),
        Column("row", TEXT, "the row as JSON", required=True),
    ),
)
