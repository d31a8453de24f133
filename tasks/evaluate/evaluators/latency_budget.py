"""1.0 when a span kept its latency budget: the one for its name, else for root spans the one for all others (`*`).

A step without a budget of its own is waited for as part of its root.
"""

from collections.abc import Mapping

from tasks.shared.records import Evaluator, Score


def latency_budget(name: str, latency_ms: float, latency_budget_ms: Mapping[str, float]) -> Score | None:
    """Compare the latency with the budget; a latency equal to the budget keeps it."""
    budget_ms = latency_budget_ms.get(name, latency_budget_ms.get("*"))
    if budget_ms is None:
        return None
    if latency_ms <= budget_ms:
        return Score(1.0, "within_budget")
    return Score(0.0, "over_budget", f"{name} took {latency_ms:,.0f} ms; the budget is {budget_ms:,.0f} ms.")


EVALUATOR = Evaluator(
    unit="span",
    select="list_contains(json_keys($latency_budget_ms), name)"
    " OR (parent_id IS NULL AND list_contains(json_keys($latency_budget_ms), '*'))",
    needs=("name", "latency_ms"),
    score=latency_budget,
    parameters=("latency_budget_ms",),
)
