"""What is known of one judge: its decisions, and the metrics that tracking published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.reports.evidence import Evidence
from tasks.shared.records import Metric

JUDGES = """
SELECT evaluator, version, any_value(unit) AS unit, string_agg(DISTINCT model, ', ' ORDER BY model) AS models,
    count(*) AS units, count(model) FILTER (NOT coalesce(reused, false)) AS asked,
    count(*) FILTER (coalesce(reused, false)) AS reused, fsum(cost_usd) AS cost_usd,
    count(*) FILTER (status = 'pending') AS pending, count(*) FILTER (status = 'budget_stopped') AS budget_stopped,
    count(*) FILTER (status = 'unparseable') AS unparseable, count(*) FILTER (status = 'errored') AS errored,
    max_by(explanation, start_time) FILTER (status = 'pending') AS pending_because,
    max_by(explanation, start_time) FILTER (status = 'budget_stopped') AS stopped_because,
    CASE WHEN any_value(direction) = 'minimize' THEN max_by(unit_id, score) ELSE min_by(unit_id, score) END AS worst
FROM decisions WHERE kind = 'llm' GROUP BY evaluator, version ORDER BY evaluator, max(decided_at)
"""


@dataclass(frozen=True)
class JudgeFigures:
    """One judge in the version that decided last: its row of JUDGES, and its metrics by group name (`pass_rate`)."""

    name: str
    row: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def value(self, metric: str) -> float | None:
        """The value of one of its metrics; None without it."""
        found = self.metrics.get(metric)
        return found.value if found else None


def judge_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """A row for each version of each judge, the one that decided last at the end."""
    return evidence.rows(JUDGES)


def judge_figures(evidence: Evidence, rows: list[dict[str, Any]]) -> list[JudgeFigures]:
    """The judges by name."""
    latest = {row["evaluator"]: row for row in rows}
    metrics: dict[str, dict[str, Metric]] = {name: {} for name in latest}
    for (name, dimension), metric in evidence.metrics.items():
        group, _, judge = name.partition("/")
        if judge in metrics and not dimension:
            metrics[judge][group] = metric
    return [JudgeFigures(name, row, metrics[name]) for name, row in latest.items()]
