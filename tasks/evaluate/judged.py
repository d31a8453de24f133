"""From verdicts to decisions: one row for each unit, asked about or not."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tasks.evaluate.asking import TOO_DEAR, Verdict
from tasks.evaluate.cases import Plan
from tasks.evaluate.decide import FROM_UNITS, cut, decision_table
from tasks.evaluate.judge import Judge
from tasks.evaluate.undecided import OPEN
from tasks.shared.records import Score
from tasks.shared.store.ledger import usd

WITHOUT_VERDICT = frozenset({"errored", "unparseable", "budget_stopped", "pending"})


def judged(judge: Judge, units: pa.Table, plan: Plan, verdicts: Sequence[Verdict], now: dt.datetime) -> pa.Table:
    """Decisions on *units*, in their order, in the schema of DECISIONS. *verdicts* are those on the plan's cases."""
    outcomes = [Verdict(status, Score(explanation=why)) for status, why in _left_out(plan, units.num_rows)]
    for case, verdict in zip(plan.cases, verdicts, strict=True):
        outcomes[case.place] = verdict
    same = {
        "unit": judge.unit,
        "evaluator": judge.name,
        "version": judge.version,
        "kind": "llm",
        "direction": judge.direction,
        "decided_at": now,
    }
    columns: dict[str, Any] = {column: [value] * units.num_rows for column, value in same.items()}
    columns |= {column: units[column] for column in FROM_UNITS}
    columns |= {
        "status": [verdict.status for verdict in outcomes],
        "score": [verdict.score.score for verdict in outcomes],
        "label": [verdict.score.label for verdict in outcomes],
        "explanation": [cut(verdict.score.explanation) for verdict in outcomes],
        "model": [verdict.model for verdict in outcomes],
        "cost_usd": [float(usd(verdict.cost)) for verdict in outcomes],
        "prompt_tokens": [verdict.usage.prompt_tokens if verdict.model else None for verdict in outcomes],
        "completion_tokens": [verdict.usage.completion_tokens if verdict.model else None for verdict in outcomes],
        "prompt_digest": [verdict.digest or None for verdict in outcomes],
        "reused": [verdict.reused for verdict in outcomes],
        "inclusion_probability": list(plan.probabilities),
        "stratum": list(plan.strata),
    }
    return decision_table(columns, units.num_rows)


def troubles(decisions: pa.Table) -> dict[str, tuple[int, str]]:
    """By status without a verdict: how many of *decisions* have it, and the first explanation."""
    found: dict[str, tuple[int, str]] = {}
    for status, why in zip(decisions["status"].to_pylist(), decisions["explanation"].to_pylist(), strict=True):
        if status in WITHOUT_VERDICT:
            count, first = found.get(status, (0, why))
            found[status] = (count + 1, first)
    return found


def to_ask_again(decisions: pa.Table) -> int:
    """How many of *decisions* another run may still make: all that are open, but for questions that are too dear."""
    rows = zip(decisions["status"].to_pylist(), decisions["explanation"].to_pylist(), strict=True)
    return sum(status in OPEN and not (why or "").startswith(TOO_DEAR) for status, why in rows)


def _left_out(plan: Plan, units: int) -> list[Any]:
    return [plan.left_out.get(place, ("pending", "not asked yet")) for place in range(units)]
