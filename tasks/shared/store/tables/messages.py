"""What people and machines were told."""

from tasks.shared.store.tables.table import INTEGER, TEXT, TIME, Column, Table

DELIVERIES = Table(
    name="deliveries",
    doc="What became of each message on each channel. What was sent is not sent again.",
    key=("message_id", "channel"),
    grain="day",
    columns=(
        Column("message_id", TEXT, "the message: `report:<project>:<edition>:<day>` and the like", required=True),
        Column("channel", TEXT, "name of the channel", required=True),
        Column("start_time", TIME, "time that the message is about", required=True),
        Column("kind", TEXT, "kind of the channel", required=True),
        Column("topic", TEXT, "what later messages about the same thing share", required=True),
        Column("event", TEXT, "report, raised, renewed, acknowledged, resolved or digest", required=True),
        Column("severity", TEXT, "info, warning or critical", required=True),
        Column("title", TEXT, "title of the message", required=True),
        Column("status", TEXT, "sent or failed", required=True),
        Column("attempts", INTEGER, "tries of the run that sent it, or that failed last", required=True),
        Column("reference", TEXT, "what the channel calls the message; null where it has no name for it"),
        Column("error", TEXT, "why it failed; null where it was sent"),
        Column("ended_at", TIME, "when it was sent or given up", required=True, volatile=True),
    ),
)
