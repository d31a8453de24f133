"""What the checks between stages found, what was kept out, and what the spans do not say."""

import datetime as dt
from urllib.parse import quote

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Link, Number, Table, Text
from tasks.shared.pages.wording import shortened
from tasks.shared.records import Window
from tasks.shared.store.report_files import validation_path
from tasks.shared.store.verdicts import standing

REASONS_SHOWN = 15
# Of a day that was only checked hour by hour, each check speaks with its worst finding.
CHECKS = f"""
SELECT table_name, expectation, "column", severity, bool_and(success) AS success,
    max_by(struct_pack(file, start_time, end_time), (NOT success, failing)) AS validation,
    max_by(checked, (NOT success, failing)) AS checked, max_by(failing, (NOT success, failing)) AS failing,
    max_by(observed, (NOT success, failing)) AS observed
FROM {standing()} GROUP BY table_name, expectation, "column", severity
ORDER BY success, severity, table_name, expectation, "column"
"""
# Reasons name the value, so numbers and quoted values are left out to count alike reasons as one.
QUARANTINED = r"""
SELECT table_name, stage, regexp_replace(regexp_replace(reason, '"[^"]*"|''[^'']*''', '…', 'g'), '[0-9a-f]*[0-9]+',
    '#', 'g') AS alike, min(reason) AS example, count(*) AS n, min(row_id) AS row_id
FROM quarantine GROUP BY table_name, stage, alike ORDER BY n DESC, table_name, alike LIMIT $shown
"""
COMPLETENESS = """
SELECT count(*) AS spans, count(*) FILTER (kind = 'UNKNOWN') AS unknown_kind,
    count(*) FILTER (dialect = 'none') AS no_dialect, count(*) FILTER (parent_id IS NULL) AS roots,
    count(*) FILTER (parent_id IS NULL AND session_id IS NULL) AS no_session,
    count(*) FILTER (parent_id IS NULL AND user_id IS NULL) AS no_user, count(*) FILTER (kind = 'LLM') AS calls,
    count(*) FILTER (kind = 'LLM' AND model IS NULL) AS no_model,
    count(*) FILTER (kind = 'LLM' AND total_tokens IS NULL) AS no_tokens,
    count(*) FILTER (kind = 'LLM' AND cost_usd IS NULL) AS no_cost
FROM spans
"""
EXAMPLES = """
SELECT max_by(span_id, start_time) FILTER (kind = 'UNKNOWN') AS unknown_kind,
    max_by(span_id, start_time) FILTER (dialect = 'none') AS no_dialect,
    max_by(span_id, start_time) FILTER (parent_id IS NULL AND session_id IS NULL) AS no_session,
    max_by(span_id, start_time) FILTER (parent_id IS NULL AND user_id IS NULL) AS no_user,
    max_by(span_id, start_time) FILTER (kind = 'LLM' AND model IS NULL) AS no_model,
    max_by(span_id, start_time) FILTER (kind = 'LLM' AND total_tokens IS NULL) AS no_tokens,
    max_by(span_id, start_time) FILTER (kind = 'LLM' AND cost_usd IS NULL) AS no_cost
FROM spans
"""
GAPS = (
    ("unknown_kind", "Spans of unknown kind", "spans"),
    ("no_dialect", "Spans in no dialect that is understood", "spans"),
    ("no_session", "Root spans without session", "roots"),
    ("no_user", "Root spans without user", "roots"),
    ("no_model", "LLM spans without model", "calls"),
    ("no_tokens", "LLM spans without token counts", "calls"),
    ("no_cost", "LLM spans without a cost", "calls"),
)


def data_quality(evidence: Evidence) -> list[Block]:
    """Warnings first, then the rows kept out, then gaps."""
    return [*_checks(evidence), _quarantined(evidence), _gaps(evidence)]


def _checks(evidence: Evidence) -> list[Block]:
    checks = evidence.rows(CHECKS)
    if not checks:
        return [Text(f"No check has looked at this {evidence.edition}.", "warning")]
    failed = [row for row in checks if not row["success"]]
    blocks: list[Block] = [
        Text(
            f"{row['severity']}: {row['expectation']} on {row['table_name']}"
            f"{'.' + row['column'] if row['column'] else ''} does not hold for {row['failing']:,} of "
            f"{row['checked']:,} rows. Seen: {shortened(row['observed'])}",
            "warning",
            _validation(evidence, row["table_name"], **row["validation"]),
        )
        for row in failed
    ]
    return [*blocks, Text(f"{len(checks) - len(failed):,} of {len(checks):,} checks hold.")]


def _validation(evidence: Evidence, table: str, file: str, start_time: dt.datetime, end_time: dt.datetime) -> Link:
    """The page of what was checked, from the report's own folder: both lie in the lake."""
    path = validation_path(evidence.project, table, file, Window(start_time, end_time))
    return Link("validation", f"../../../{quote(path, safe='/=@')}")


def _quarantined(evidence: Evidence) -> Table:
    return Table(
        "Rows kept out, by reason",
        ("Table", "Found by", "Reason, of one of them", "Rows", "Example"),
        [
            (row["table_name"], row["stage"], shortened(row["example"]), Number(row["n"]), shortened(row["row_id"], 40))
            for row in evidence.rows(QUARANTINED, shown=REASONS_SHOWN)
        ],
        empty="No row was quarantined.",
        note="Quarantined rows lie in the lake's quarantine table, whole, with their reason.",
    )


def _gaps(evidence: Evidence) -> Table:
    counts, examples = evidence.rows(COMPLETENESS)[0], evidence.rows(EXAMPLES)[0]
    return Table(
        "What the spans do not say",
        ("Gap", "Spans", "n", "Share", "Evidence"),
        [
            (
                title,
                Number(counts[gap]),
                Number(counts[among]),
                Number(counts[gap] / counts[among], "share"),
                evidence.links.to("span", examples[gap], "latest example"),
            )
            for gap, title, among in GAPS
            if counts[gap]
        ],
        empty="Every span has its kind; every root its session and user; every LLM span its model, tokens and cost.",
    )


SECTION = Section(order=100, title="Data quality", build=data_quality)
