"""What guardrails looked at, and what they say they blocked."""

from tasks.reports.changes import change
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Cell, Interval, Number, Table
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened
from tasks.shared.statistics.change import Bounded
from tasks.shared.statistics.intervals import wilson

SHOWN = 10
# A guardrail says that it blocks by an error, or in its output by the words of curation.blocking.
BLOCKED = "(status_code = 'ERROR' OR regexp_matches(coalesce(output, ''), $blocking, 'i'))"
GUARDRAILS = """
SELECT name, count(*) AS n, count(*) FILTER {0} AS blocked, count(*) FILTER (status_code = 'ERROR') AS errors,
    count(DISTINCT trace_id) FILTER {0} AS traces, max_by(span_id, start_time) FILTER {0} AS latest
FROM spans WHERE kind = 'GUARDRAIL' GROUP BY name ORDER BY blocked DESC, n DESC, name
""".format(f"(WHERE {BLOCKED})")
BLOCKS = f"""
WITH blocks AS (
    SELECT trace_id, span_id, name, start_time, input, coalesce(exception_message, status_message, output) AS said
    FROM spans WHERE kind = 'GUARDRAIL' AND {BLOCKED} ORDER BY start_time DESC, span_id LIMIT $shown
)
SELECT blocks.*, asked FROM blocks LEFT JOIN (
    SELECT trace_id, any_value(input) AS asked FROM spans WHERE parent_id IS NULL GROUP BY trace_id
) USING (trace_id) ORDER BY start_time DESC, span_id
"""


def guardrails(evidence: Evidence) -> list[Block]:
    """By guardrail how often it blocked, then the latest blocks with what was asked."""
    blocking = evidence.settings.curation.blocking
    rows = evidence.rows(GUARDRAILS, blocking=blocking)
    before = {row["name"]: row for row in evidence.before.rows(GUARDRAILS, blocking=blocking)}
    table = Table(
        "Guardrails",
        ("Guardrail", "Looked at", "Blocked", "Rate", "95 % interval", "of these by an error", "Traces",
         evidence.called_before, "Change", "Evidence"),
        [
            (
                shortened(row["name"], NAME_CHARACTERS),
                Number(row["n"]),
                Number(row["blocked"]),
                Number(row["blocked"] / row["n"], "share"),
                Interval(*wilson(row["blocked"], row["n"]), "share"),
                Number(row["errors"]),
                Number(row["traces"]),
                *_compared(row, before.get(row["name"])),
                evidence.links.to("span", row["latest"], "latest block"),
            )
            for row in rows
        ],
        empty=f"No span of this {evidence.edition} is a guardrail's (kind GUARDRAIL).",
        note="A guardrail's span blocks when it has status ERROR, or when its output matches curation.blocking; no "
        "standard says how a guardrail tells. An error may also be the guardrail's own. Whether blocking was right is "
        "not known from here.",
    )  # fmt: skip
    return [table, *([_latest(evidence, blocking)] if any(row["blocked"] for row in rows) else [])]


def _compared(now: dict[str, int], before: dict[str, int] | None) -> tuple[Cell, Cell]:
    if before is None:
        return None, None
    return Number(before["blocked"] / before["n"], "share"), change(_rate(now), _rate(before), "share")


def _rate(row: dict[str, int]) -> Bounded:
    return Bounded(row["blocked"] / row["n"], *wilson(row["blocked"], row["n"]))


def _latest(evidence: Evidence, blocking: str) -> Table:
    return Table(
        "Latest blocks",
        ("Guardrail", "At", "What was asked", "What it said", "Evidence"),
        [
            (
                shortened(row["name"], NAME_CHARACTERS),
                evidence.time_of(row["start_time"]),
                shortened(row["asked"] or row["input"], 120),
                shortened(row["said"], 120),
                evidence.links.to("trace", row["trace_id"], "trace"),
            )
            for row in evidence.rows(BLOCKS, blocking=blocking, shown=SHOWN)
        ],
    )


SECTION = Section(order=35, title="Guardrails", build=guardrails)
