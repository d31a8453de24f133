"""What the model calls cost: the day, the week and the month so far, by hour, by model, and the dearest traces."""

from typing import Any

from tasks.reports.evidence import Evidence, Section
from tasks.reports.spending import COLUMNS, over_periods, spending_of
from tasks.shared.pages.blocks import Block, Chart, Number, Table, Text
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened

TRACES_SHOWN = 10
MODELS = """
SELECT coalesce(model, '(no model recorded)') AS model_name, count(*) AS calls, count(cost_usd) AS priced,
    sum(cost_usd) AS cost, avg(cost_usd) AS mean, max(cost_usd) AS highest,
    coalesce(max_by(span_id, cost_usd), max_by(span_id, start_time)) AS dearest,
    sum(total_tokens) FILTER (cost_usd IS NULL) AS unpriced_tokens
FROM spans WHERE kind = 'LLM' OR total_tokens IS NOT NULL OR cost_usd IS NOT NULL
GROUP BY model_name ORDER BY cost DESC NULLS LAST, calls DESC, model_name
"""
SLOTS = """
SELECT date_trunc($step, start_time) AS slot, sum(cost_usd) AS cost
FROM spans WHERE cost_usd IS NOT NULL GROUP BY slot
"""
TRACES = """
SELECT trace_id, min(start_time) AS start_time, fsum(cost_usd) AS cost, count(cost_usd) AS calls,
    sum(total_tokens) AS tokens, string_agg(DISTINCT model, ', ' ORDER BY model) FILTER (cost_usd > 0) AS models,
    any_value(session_id) AS session_id, any_value(name) FILTER (parent_id IS NULL) AS root,
    any_value(input) FILTER (parent_id IS NULL) AS question
FROM spans GROUP BY trace_id HAVING cost > 0 ORDER BY cost DESC, trace_id LIMIT $shown
"""


def cost(evidence: Evidence) -> list[Block]:
    """Cost from the price table, and what it does not cover."""
    models = evidence.rows(MODELS)
    table = _by_model(evidence, models)
    if not any(row["priced"] for row in models):
        return [*_unpriced(models), table]
    spending = spending_of(evidence)
    slots = evidence.over_time(SLOTS, missing=0)
    return [
        *_unpriced(models),
        Table(
            "Cost so far",
            COLUMNS,
            over_periods(evidence, spending.costs, spending.today, "usd"),
            note="Sums of days that have metrics. A change is told where all days of both are known. Weeks begin on "
            "Monday; the same days of a month are those of the same number.",
        ),
        Chart(f"Cost by {evidence.step}", "bars", evidence.step.capitalize(), ("cost",), slots, "usd"),
        table,
        _dearest(evidence),
    ]


def _by_model(evidence: Evidence, models: list[dict[str, Any]]) -> Table:
    spent = sum(row["cost"] or 0 for row in models)
    return Table(
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
                evidence.links.to("span", row["dearest"], "dearest call" if row["priced"] else "latest call"),
            )
            for row in models
        ],
        empty=f"No model was called on this {evidence.edition}.",
        note="Cost is tokens at the price table's price of its day. Priced is the share of calls it could price.",
    )


def _dearest(evidence: Evidence) -> Table:
    return Table(
        "Most expensive traces",
        ("Trace", "Began", "Root", "Question", "Session", "Calls", "Models", "Tokens", "Cost"),
        [
            (
                evidence.links.to("trace", row["trace_id"], row["trace_id"][:12]),
                evidence.time_of(row["start_time"]),
                shortened(row["root"], 60),
                shortened(row["question"], 100),
                evidence.links.to("session", row["session_id"], shortened(row["session_id"], 24)),
                Number(row["calls"]),
                shortened(row["models"], NAME_CHARACTERS),
                Number(row["tokens"], "tokens"),
                Number(row["cost"], "usd"),
            )
            for row in evidence.rows(TRACES, shown=TRACES_SHOWN)
        ],
    )


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
