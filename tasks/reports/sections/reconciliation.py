"""Phoenix's own figure of the cost beside the price table's, model by model, and why they differ."""

from typing import Any

from tasks.reports.changes import plain
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Cell, Number, Table, Text
from tasks.shared.pages.wording import NAME_CHARACTERS, number, shortened

MODELS = """
WITH latest AS (
    SELECT *, row_number() OVER (PARTITION BY model, reason ORDER BY start_time DESC) AS newest FROM phoenix_costs
)
SELECT model, string_agg(DISTINCT models, ', ' ORDER BY models) AS models, CAST(sum(calls) AS BIGINT) AS calls,
    fsum(cost_usd) AS cost, fsum(phoenix_cost_usd) AS phoenix,
    fsum(abs(coalesce(phoenix_cost_usd, 0) - coalesce(cost_usd, 0))) AS apart,
    string_agg(told, ' ' ORDER BY start_time DESC) FILTER (newest = 1 AND told <> '') AS told
FROM latest GROUP BY model ORDER BY apart DESC, model
"""
DAYS = "SELECT count(DISTINCT date_trunc('day', start_time)) AS asked FROM phoenix_costs"


def reconciliation(evidence: Evidence) -> list[Block]:
    """Both figures by Phoenix's models, those that differ most first."""
    models = evidence.rows(MODELS)
    if not models:
        return [Text(_not_asked(evidence))]
    asked, days = evidence.rows(DAYS)[0]["asked"], len(evidence.window.days())
    partly = [Text(f"Phoenix was asked about {asked} of {days} days; both figures are of those.", "note")]
    return [Text(_told(models)), *(partly if asked < days else ()), _table(evidence, models)]


def _not_asked(evidence: Evidence) -> str:
    if not evidence.settings.cost.reconcile:
        return "Phoenix was not asked for its own cost: cost.reconcile is off."
    return f"Phoenix has told nothing of its own cost of this {evidence.edition}: the nightly flow asks it."


def _told(models: list[dict[str, Any]]) -> str:
    """The two sums over the models that both price, and how much only one of them has."""
    both = [row for row in models if row["cost"] is not None and row["phoenix"] is not None]
    ours, theirs = (sum(row[key] for row in both) for key in ("cost", "phoenix"))
    only_here = sum(row["cost"] or 0 for row in models if row["phoenix"] is None)
    only_there = sum(row["phoenix"] or 0 for row in models if row["cost"] is None)
    moved = plain(theirs, ours, "usd")
    by = f" ({number(moved.value, 'change')})" if moved and moved.value else ""
    said = f"Of what both price, Phoenix has {number(theirs, 'usd')}{by} and the price table {number(ours, 'usd')}."
    if only_here:
        said += f" {number(only_here, 'usd')} are of models that Phoenix has no cost of."
    if only_there:
        said += f" {number(only_there, 'usd')} are of models that the price table does not know."
    return said


def _table(evidence: Evidence, models: list[dict[str, Any]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            shortened(row["model"] or "(no model recorded)", NAME_CHARACTERS),
            shortened(row["models"], NAME_CHARACTERS) if row["models"] != row["model"] else None,
            Number(row["calls"]),
            Number(row["cost"], "usd"),
            Number(row["phoenix"], "usd"),
            plain(row["phoenix"], row["cost"], "usd"),
            row["told"] or "the same",
            evidence.links.to("project", evidence.project, "project"),
        )
        for row in models
    ]
    return Table(
        "Phoenix's figure by model",
        ("Phoenix's model", "Called here", "Calls", "Price table", "Phoenix", "Difference", "Why", "Evidence"),
        rows,
        note="Phoenix prices spans of kind LLM when it takes them in, never again. Both are as they were that night.",
    )


SECTION = Section(order=63, title="Cost beside Phoenix", build=reconciliation)
