"""What the model calls cost, by model and by hour."""

from typing import Any

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Chart, Number, Table, Text
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened

MODELS = """
SELECT coalesce(model, '(no model recorded)') AS model_name, count(*) AS calls, count(cost_usd) AS priced,
    sum(cost_usd) AS cost, avg(cost_usd) AS mean, max(cost_usd) AS highest, max_by(span_id, cost_usd) AS dearest,
    sum(total_tokens) FILTER (cost_usd IS NULL) AS unpriced_tokens
FROM spans WHERE kind = 'LLM' OR total_tokens IS NOT NULL OR cost_usd IS NOT NULL
GROUP BY model_name ORDER BY cost DESC NULLS LAST, calls DESC, model_name
"""
SLOTS = """
SELECT date_trunc($step, start_time) AS slot, sum(cost_usd) AS cost
FROM spans WHERE cost_usd IS NOT NULL GROUP BY slot
"""


def cost(evidence: Evidence) -> list[Block]:
    """Cost from the price table, and what it does not cover."""
    models = evidence.rows(MODELS)
    spent = sum(row["cost"] or 0 for row in models)
    table = Table(
        "Cost by model",
        ("Model", "Calls", "Priced", "Cost", "Share", "Mean per call", "Highest", "Evidence"),
        [
            (
                shortened(row["model_name"], NAME_CHARACTERS),
                Number(row["calls"]),
                Number(row["priced"] / row["calls"], "share"),
                Number(row["cost"], "usd"),
                Number(row["cost"] / spent if spent and row["cost"] is not None else None, "share"),
                Number(row["mean"], "usd"),
                Number(row["highest"], "usd"),
                evidence.links.to("span", row["dearest"], "dearest call"),
            )
            for row in models
        ],
        empty=f"No model was called on this {evidence.edition}.",
        note="Cost is tokens at the price table's price of its day. Priced is the share of calls it could price.",
    )
    if not any(row["priced"] for row in models):
        return [*_unpriced(models), table]
    slots = evidence.over_time(SLOTS, missing=0)
    return [
        *_unpriced(models),
        Chart(f"Cost by {evidence.step}", "bars", evidence.step.capitalize(), ("cost",), slots, "usd"),
        table,
    ]


def _unpriced(models: list[dict[str, Any]]) -> list[Block]:
    """A warning for calls that used tokens nobody could price."""
    unknown = [row for row in models if row["unpriced_tokens"]]
    if not unknown:
        return []
    listed = ", ".join(
        f"{shortened(row['model_name'], NAME_CHARACTERS)} ({row['unpriced_tokens']:,.0f} tokens)" for row in unknown
    )
    return [Text(f"No price is known for {listed}. The cost below leaves them out.", "warning")]


SECTION = Section(order=60, title="Cost", build=cost)
