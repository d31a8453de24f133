"""The traces to open first: most errors, lowest scores, slowest, most expensive."""

from typing import Any

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Cell, Number, Table
from tasks.shared.pages.wording import shortened

TRACES_SHOWN = 5
TRACES = """
WITH traces AS MATERIALIZED (
    SELECT trace_id, min(start_time) AS start_time, any_value(name) FILTER (parent_id IS NULL) AS root,
        any_value(session_id) AS session_id, count(*) AS spans, count(*) FILTER (status_code = 'ERROR') AS errors,
        epoch_ms(max(end_time)) - epoch_ms(min(start_time)) AS latency_ms, sum(cost_usd) AS cost_usd
    FROM spans GROUP BY trace_id
)
(SELECT 'errors' AS why, * FROM traces WHERE errors > 0 ORDER BY errors DESC, trace_id LIMIT $shown)
UNION ALL (SELECT 'slow', * FROM traces ORDER BY latency_ms DESC, trace_id LIMIT $shown)
UNION ALL (SELECT 'cost', * FROM traces WHERE cost_usd > 0 ORDER BY cost_usd DESC, trace_id LIMIT $shown)
"""
# Evaluators differ in scale, so a trace is as bad as the standard deviations by which its scores miss their means.
LOW_SCORES = """
WITH scored AS (
    SELECT *, CASE WHEN direction = 'minimize' THEN -score ELSE score END AS goodness
    FROM decisions WHERE status = 'scored' AND score IS NOT NULL AND trace_id IS NOT NULL
), usual AS (
    SELECT evaluator, version, avg(goodness) AS mean, stddev_samp(goodness) AS spread FROM scored GROUP BY ALL
), low AS (
    SELECT scored.*, (mean - goodness) / spread AS miss FROM scored JOIN usual USING (evaluator, version)
    WHERE spread > 0 AND goodness <= mean - spread
)
SELECT trace_id, min(start_time) AS start_time, count(*) AS decisions, sum(miss) AS miss,
    string_agg(DISTINCT evaluator, ', ' ORDER BY evaluator) AS evaluators, max_by(explanation, miss) AS explanation
FROM low GROUP BY trace_id ORDER BY miss DESC, trace_id LIMIT $shown
"""


def worst_traces(evidence: Evidence) -> list[Block]:
    """Five of each kind at most, every one a link to the trace."""
    found = evidence.rows(TRACES, shown=TRACES_SHOWN)
    return [
        _table(
            evidence,
            "Most errors",
            [r for r in found if r["why"] == "errors"],
            f"No trace of this {evidence.edition} has an error.",
        ),
        _low_scores(evidence),
        _table(
            evidence,
            "Slowest",
            [r for r in found if r["why"] == "slow"],
            f"No traces were stored for this {evidence.edition}.",
        ),
        _table(
            evidence,
            "Most expensive",
            [r for r in found if r["why"] == "cost"],
            f"No trace of this {evidence.edition} has a cost.",
        ),
    ]


def _table(evidence: Evidence, title: str, traces: list[dict[str, Any]], empty: str) -> Table:
    columns = ("Trace", "Began", "Root", "Session", "Spans", "Errors", "Duration", "Cost")
    rows: list[tuple[Cell, ...]] = [
        (
            _trace(evidence, row),
            evidence.time_of(row["start_time"]),
            shortened(row["root"], 60),
            evidence.links.to("session", row["session_id"], shortened(row["session_id"], 24)),
            Number(row["spans"]),
            Number(row["errors"]),
            Number(row["latency_ms"], "ms"),
            Number(row["cost_usd"], "usd"),
        )
        for row in traces
    ]
    return Table(title, columns, rows, empty=empty)


def _low_scores(evidence: Evidence) -> Table:
    return Table(
        "Lowest scores",
        ("Trace", "Began", "Evaluators", "Low decisions", "Standard deviations below usual", "Why"),
        [
            (
                _trace(evidence, row),
                evidence.time_of(row["start_time"]),
                shortened(row["evaluators"], 80),
                Number(row["decisions"]),
                Number(row["miss"], "number"),
                shortened(row["explanation"], 140),
            )
            for row in evidence.rows(LOW_SCORES, shown=TRACES_SHOWN)
        ],
        empty=f"No trace of this {evidence.edition} scores worse than usual.",
    )


def _trace(evidence: Evidence, row: dict[str, Any]) -> Cell:
    return evidence.links.to("trace", row["trace_id"], row["trace_id"][:8])


SECTION = Section(order=90, title="Worst traces", build=worst_traces)
