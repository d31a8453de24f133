"""1.0 when a trace cost no more than its budget. Traces that used tokens or have a cost are eligible."""

from tasks.shared.records import Evaluator, Score


def cost_budget(cost_usd: float | None, unpriced_spans: int, cost_budget_usd: float) -> Score:
    """Compare the trace's cost with the budget; an unknown share of the cost is not taken for zero."""
    known_usd = cost_usd or 0.0
    if known_usd > cost_budget_usd:
        return Score(0.0, "over_budget", f"The trace cost ${known_usd:.4f}; the budget is ${cost_budget_usd:.4f}.")
    if unpriced_spans:
        return Score(explanation=f"{unpriced_spans} spans used a model without a price, so the cost is not known.")
    return Score(1.0, "within_budget")


EVALUATOR = Evaluator(
    unit="trace",
    select="cost_usd IS NOT NULL OR unpriced_spans > 0",
    needs=("cost_usd", "unpriced_spans"),
    score=cost_budget,
    parameters=("cost_budget_usd",),
)
