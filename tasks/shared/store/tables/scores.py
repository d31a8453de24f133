"""What Nightjar thinks of the traffic: decisions, metrics, anchors, the queue for people."""

from tasks.shared.store.tables.table import FLAG, FLOAT, INTEGER, TEXT, TIME, Column, Table

DECISIONS = Table(
    name="decisions",
    doc="The one row for (unit, evaluator, version): a missing score always has a reason.",
    key=("unit", "unit_id", "evaluator", "version"),
    grain="day",
    columns=(
        Column("unit", TEXT, "span, trace or session", required=True),
        Column("unit_id", TEXT, "id of the span, trace or session", required=True),
        Column("trace_id", TEXT, "trace of the unit; null for a session"),
        Column("start_time", TIME, "start of the unit", required=True),
        Column("evaluator", TEXT, "name", required=True),
        Column("version", TEXT, "version of the evaluator", required=True),
        Column("kind", TEXT, "code or llm", required=True),
        Column("direction", TEXT, "maximize or minimize: which scores are the good ones"),
        Column(
            "status",
            TEXT,
            "scored, not_applicable, sampled_out, errored, unparseable, budget_stopped or pending",
            required=True,
        ),
        Column("score", FLOAT, "score, where scored"),
        Column("label", TEXT, "label"),
        Column("explanation", TEXT, "why; the error's text where errored"),
        Column("model", TEXT, "provider/model that judged; null for code"),
        Column("cost_usd", FLOAT, "what this decision cost; 0 where an earlier answer was used again", required=True),
        Column("prompt_tokens", INTEGER, "tokens that judging took, all tries together; null for code"),
        Column("completion_tokens", INTEGER, "tokens the judge wrote"),
        Column("inclusion_probability", FLOAT, "probability that sampling let this unit in", required=True),
        Column("stratum", TEXT, "stratum that set that probability; empty for the judge's own rate"),
        Column("prompt_digest", TEXT, "digest of the rendered prompt; null where nothing was asked"),
        Column("reused", FLAG, "whether the answer to an earlier identical question was used again"),
        Column(
            "unit_digest",
            TEXT,
            "digest of the unit's content when decided; a changed unit is decided again",
            required=True,
        ),
        Column("scored_before", FLAG, "whether an earlier decision was scored, which Phoenix may still show"),
        Column("decided_at", TIME, "when", required=True, volatile=True),
    ),
)

METRICS_COLUMNS = (
    Column("start_time", TIME, "start of the window", required=True),
    Column("end_time", TIME, "end of the window", required=True),
    Column("name", TEXT, "metric name, stable over time", required=True),
    Column("dimension", TEXT, "empty for the whole window, else key=value", required=True),
    Column("value", FLOAT, "the number", required=True),
    Column("n", INTEGER, "units the number speaks for", required=True),
    Column("coverage", FLOAT, "share of eligible units that n speaks for", required=True),
    Column("low", FLOAT, "lower end of the 95 % interval; null for an exact count"),
    Column("high", FLOAT, "upper end"),
    Column("unit", TEXT, "ms, usd, tokens, share ... or empty", required=True),
    Column("worst", FLOAT, "the number if every missing score were the worst; null where none is missing"),
    Column("best", FLOAT, "the same with the best"),
)
METRICS = Table(
    name="metrics",
    doc="Summary metrics of a day, each with n, coverage and interval.",
    key=("name", "dimension"),
    grain="day",
    rewrite="replace",
    columns=METRICS_COLUMNS,
)

PERIOD_METRICS = Table(
    name="period_metrics",
    doc="The same metrics of a week or a month, computed from its rows and not from its days' metrics.",
    key=("edition", "name", "dimension"),
    grain="day",
    rewrite="replace",
    columns=(*METRICS_COLUMNS, Column("edition", TEXT, "week or month", required=True)),
)

ANCHORS = Table(
    name="anchors",
    doc="Questions that a judge is asked again in every run, and whether it says what it said at first.",
    key=("judge", "version", "run", "unit_id"),
    grain="day",
    columns=(
        Column("start_time", TIME, "when it was asked", required=True),
        Column("judge", TEXT, "name", required=True),
        Column("version", TEXT, "version of the judge", required=True),
        Column("run", TEXT, "run that asked", required=True),
        Column("unit_id", TEXT, "the unit that the question is about", required=True),
        Column("model", TEXT, "provider/model that answered"),
        Column("recorded", TEXT, "label on record", required=True),
        Column("label", TEXT, "label it got this time", required=True),
    ),
)

LABEL_QUEUE = Table(
    name="label_queue",
    doc="Units drawn for people to label, and with which probability among the judged ones.",
    key=("evaluator", "unit_id"),
    columns=(
        Column("unit", TEXT, "span, trace or session", required=True),
        Column("unit_id", TEXT, "id of the span, trace or session", required=True),
        Column("start_time", TIME, "start of the unit", required=True),
        Column("evaluator", TEXT, "the judge in whose name people label", required=True),
        Column("version", TEXT, "the judge's version by whose verdicts it was drawn", required=True),
        Column("stratum", TEXT, "the judge's verdict: pass or fail; all where labels have no scores", required=True),
        Column(
            "inclusion_probability",
            FLOAT,
            "probability that the draw took it, of the judged units that were neither labelled nor queued",
            required=True,
        ),
        Column("queued_at", TIME, "when it was drawn", required=True, volatile=True),
    ),
)
