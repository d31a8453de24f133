"""Conversations: how many questions they ask, how long they take, whether they succeed, and the latest of them."""

from typing import Any

from tasks.reports.changes import metric_change
from tasks.reports.evidence import Evidence, Section
from tasks.reports.experience import example_of
from tasks.reports.measures import measure_of
from tasks.shared.pages.blocks import Block, Cell, Interval, Number, Table, Text
from tasks.shared.pages.wording import shortened

SESSIONS_SHOWN = 10
FIGURES = {
    "queries_per_session/mean": "Questions per session, mean",
    "queries_per_session/p50": "Questions per session, p50",
    "queries_per_session/p95": "Questions per session, p95",
    "session_duration_ms/p50": "Duration, p50",
    "session_duration_ms/p95": "Duration, p95",
    "success/sessions": "Sessions that succeed",
    "success/traces": "Questions that succeed",
    "satisfaction": "Satisfied users",
}
RECENT = """
WITH questions AS (
    SELECT trace_id, max(session_id) AS session_id, max(user_id) AS user_id, min(start_time) AS start_time,
        max(end_time) AS end_time, bool_or(parent_id IS NULL AND status_code = 'ERROR') AS failed,
        min_by(input, start_time) FILTER (parent_id IS NULL) AS asked, sum(cost_usd) AS cost_usd
    FROM spans GROUP BY trace_id
)
SELECT session_id, min(start_time) AS began, count(*) AS questions, count(*) FILTER (failed) AS failed,
    epoch_ms(max(end_time)) - epoch_ms(min(start_time)) AS duration_ms, sum(cost_usd) AS cost_usd,
    max(user_id) AS user_id, min_by(asked, start_time) AS asked
FROM questions WHERE session_id IS NOT NULL GROUP BY session_id ORDER BY max(end_time) DESC, session_id LIMIT $shown
"""


def sessions(evidence: Evidence) -> list[Block]:
    """What tracking published of sessions, and the latest ones themselves."""
    recent = evidence.rows(RECENT, shown=SESSIONS_SHOWN)
    table = Table(
        "Recent sessions",
        ("Session", "Began", "User", "First question", "Questions", "Failed", "Duration", "Cost"),
        [_row(evidence, row) for row in recent],
        empty=f"No span of this {evidence.edition} names its session.",
    )
    return [*_figures(evidence, bool(recent)), table]


def _figures(evidence: Evidence, any_session: bool) -> list[Block]:
    known = [name for name in FIGURES if (name, "") in evidence.metrics]
    if not known:
        missing = Text(f"Tracking has published nothing of the sessions of {evidence.window}.", "warning")
        return [missing] if any_session else []
    table = Table(
        "Sessions",
        ("Figure", "Value", "95 % interval", "n", "Coverage", evidence.called_before, "Change", "Evidence"),
        [_figure(evidence, name) for name in known],
        note=f"Of a session that lasts beyond this {evidence.edition}, the part inside counts. A question fails when a "
        "root span of its trace has an error, a session with any of its questions. Coverage is the share of traces "
        "that name a session, or were rated.",
    )
    return [table]


def _figure(evidence: Evidence, name: str) -> tuple[Cell, ...]:
    now, before = evidence.metrics[name, ""], evidence.before.metrics.get((name, ""))
    measure = measure_of(name, now)
    return (
        FIGURES[name],
        Number(now.value, measure),
        Interval(now.low, now.high, measure),
        Number(now.n),
        Number(now.coverage, "share"),
        Number(before.value, measure) if before else None,
        metric_change(now, before, measure),
        example_of(evidence, name),
    )


def _row(evidence: Evidence, row: dict[str, Any]) -> tuple[Cell, ...]:
    return (
        evidence.links.to("session", row["session_id"], shortened(row["session_id"], 24)),
        evidence.time_of(row["began"]),
        shortened(row["user_id"], 24),
        shortened(row["asked"], 100),
        Number(row["questions"]),
        Number(row["failed"]),
        Number(row["duration_ms"], "ms"),
        Number(row["cost_usd"], "usd"),
    )


SECTION = Section(order=77, title="Sessions", build=sessions)
