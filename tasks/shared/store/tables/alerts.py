"""What alerts are made of: hourly measurements of the traffic, and everything that happened to an alert."""

from tasks.shared.store.tables.table import FLAG, FLOAT, INTEGER, TEXT, TIME, Column, Table

MEASUREMENTS = Table(
    name="measurements",
    doc=(
        "What a closed hour came to, by measure and series: sums of its units, from which a rate, a mean or a quantile "
        "of any window is made without reading the units again."
    ),
    key=("measure", "dimension", "start_time"),
    grain="day",
    rewrite="replace",
    columns=(
        Column("start_time", TIME, "start of the hour", required=True),
        Column("measure", TEXT, "name", required=True),
        Column("dimension", TEXT, "empty for the whole project, else key=value", required=True),
        Column("n", INTEGER, "units", required=True),
        Column("clusters", INTEGER, "traces, sessions or the like that the units are of", required=True),
        Column("weight", FLOAT, "sum of the units' weights: 1, or 1/inclusion probability", required=True),
        Column("total", FLOAT, "sum of weight times value", required=True),
        Column("weight_squares", FLOAT, "sum over the clusters of their squared weight", required=True),
        Column("total_squares", FLOAT, "sum over the clusters of their squared total", required=True),
        Column("products", FLOAT, "sum over the clusters of weight times total", required=True),
        Column("sketch", TEXT, "bucket:count of the values, where a quantile is measured; else empty", required=True),
        Column("example", TEXT, "span, trace or session that shows it best, as kind:id"),
        Column("source", TEXT, "digest of the files and settings that the hour was measured of", required=True),
    ),
)

ALERT_EVENTS = Table(
    name="alert_events",
    doc="Everything that happened to an alert or a rule; nothing in it ever changes. What is open follows from it.",
    key=("event_id",),
    grain="day",
    columns=(
        Column("event_id", TEXT, "16 hex digits over what happened to which alert when", required=True),
        Column("start_time", TIME, "end of the window that was evaluated, or when a person did it", required=True),
        Column(
            "event", TEXT,
            "raised, renewed, acknowledged, resolved, silenced, false_positive, true_positive, or skipped: hours of an "
            "outage that no rule looked at",
            required=True,
        ),
        Column("alert_id", TEXT, "16 hex digits over project, rule, series and start; empty where it is of no alert"),
        Column("rule", TEXT, "name of the rule; of skipped hours empty", required=True),
        Column("series", TEXT, "the rule's dimension as key=value; empty for the whole project", required=True),
        Column("severity", TEXT, "info, warning or critical", required=True),
        Column("value", FLOAT, "what was measured"),
        Column("low", FLOAT, "lower end of its 95 % interval; null for an exact number"),
        Column("high", FLOAT, "upper end"),
        Column("n", INTEGER, "units that the value speaks for"),
        Column("limit", FLOAT, "threshold, or the value that was expected"),
        Column("message", TEXT, "what happened, in a sentence or two", required=True),
        Column("example", TEXT, "span, trace or session that shows it best, as kind:id"),
        Column("runbook", TEXT, "the rule's runbook when it happened"),
        Column("owner", TEXT, "who takes care of the rule"),
        Column("channels", TEXT, "channels it is told through, separated by spaces", required=True),
        Column("bundle", TEXT, "digest that tells of it together with others; empty where it is told alone"),
        Column("quiet", FLAG, "whether it is told to nobody, because of a silence", required=True),
        Column("until", TIME, "end of a silence, or of the skipped hours"),
        Column("who", TEXT, "person, or nightjar", required=True),
        Column("note", TEXT, "what the person wrote"),
        Column("recorded_at", TIME, "when the row was written", required=True, volatile=True),
    ),
)  # fmt: skip
