"""Tokens in and out: the day, the week and the month so far, by model and by hour."""

from tasks.reports.evidence import Evidence, Section
from tasks.reports.spending import COLUMNS, over_periods, spending_of
from tasks.shared.pages.blocks import Block, Chart, Number, Table, Text
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened

MODELS = """
SELECT coalesce(model, '(no model recorded)') AS model_name, count(*) AS calls, count(total_tokens) AS counted,
    sum(prompt_tokens) AS prompt, sum(cache_read_tokens) AS cache_read, sum(completion_tokens) AS completion,
    sum(reasoning_tokens) AS reasoning, sum(total_tokens) AS total, max_by(span_id, total_tokens) AS largest
FROM spans WHERE kind = 'LLM' OR total_tokens IS NOT NULL
GROUP BY model_name ORDER BY total DESC NULLS LAST, model_name
"""
SLOTS = """
SELECT date_trunc($step, start_time) AS slot,
    sum(prompt_tokens) AS prompt, sum(completion_tokens) AS completion
FROM spans WHERE total_tokens IS NOT NULL GROUP BY slot
"""


def tokens(evidence: Evidence) -> list[Block]:
    """Token counts where the spans carry them, and how many of the calls do."""
    models = evidence.rows(MODELS)
    calls, counted = (sum(row[key] for row in models) for key in ("calls", "counted"))
    table = Table(
        "Tokens by model",
        ("Model", "Calls", "Coverage", "Prompt", "of it cached", "Completion", "of it reasoning", "Total", "Evidence"),
        [
            (
                shortened(row["model_name"], NAME_CHARACTERS),
                Number(row["calls"]),
                Number(row["counted"] / row["calls"], "share"),
                Number(row["prompt"], "tokens"),
                Number(row["cache_read"], "tokens"),
                Number(row["completion"], "tokens"),
                Number(row["reasoning"], "tokens"),
                Number(row["total"], "tokens"),
                evidence.links.to("span", row["largest"], "largest call"),
            )
            for row in models
        ],
        empty=f"No model was called on this {evidence.edition}.",
        note="Coverage is the share of calls that report their tokens; the sums speak for those only.",
    )
    if not counted:
        return [table]
    blocks: list[Block] = []
    if counted < calls:
        blocks.append(Text(f"{calls - counted:,} of {calls:,} model calls carry no token counts.", "note"))
    slots = evidence.over_time(SLOTS, missing=0)
    spending = spending_of(evidence)
    return [
        *blocks,
        Table("Tokens so far", COLUMNS, over_periods(evidence, spending.tokens, spending.today, "tokens")),
        Chart(
            f"Tokens by {evidence.step}", "bars", evidence.step.capitalize(), ("prompt", "completion"), slots, "tokens"
        ),
        table,
    ]


SECTION = Section(order=50, title="Tokens", build=tokens)
