"""How much traffic there was, hour by hour."""

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Chart, Number, Table

SLOTS = """
SELECT date_trunc($step, start_time) AS slot, count(*) FILTER (status_code <> 'ERROR') AS fine,
    count(*) FILTER (status_code = 'ERROR') AS errors, count(DISTINCT trace_id) AS traces
FROM spans GROUP BY slot
"""
KINDS = """
SELECT kind, count(*) AS spans, count(DISTINCT trace_id) AS traces, count(DISTINCT session_id) AS sessions,
    count(DISTINCT user_id) AS users, max_by(span_id, start_time) AS latest
FROM spans GROUP BY kind ORDER BY spans DESC, kind
"""


def volume(evidence: Evidence) -> list[Block]:
    """Spans and traces by hour, and spans by kind."""
    kinds = evidence.rows(KINDS)
    total = sum(row["spans"] for row in kinds)
    table = Table(
        "Spans by kind",
        ("Kind", "Spans", "Share", "Traces", "Sessions", "Users", "Latest"),
        [
            (
                row["kind"],
                Number(row["spans"]),
                Number(row["spans"] / total, "share"),
                Number(row["traces"]),
                Number(row["sessions"]),
                Number(row["users"]),
                evidence.links.to("span", row["latest"]),
            )
            for row in kinds
        ],
        empty=f"No spans were stored for this {evidence.edition}.",
    )
    if not kinds:
        return [table]
    slots = evidence.over_time(SLOTS, missing=0)
    return [
        Chart(
            f"Spans by {evidence.step}",
            "bars",
            evidence.step.capitalize(),
            ("without error", "with error"),
            [slot[:3] for slot in slots],
            alarming=("with error",),
        ),
        Chart(
            f"Traces by {evidence.step}",
            "bars",
            evidence.step.capitalize(),
            ("traces",),
            [(slot[0], slot[3]) for slot in slots],
        ),
        table,
    ]


SECTION = Section(order=20, title="Volume", build=volume)
