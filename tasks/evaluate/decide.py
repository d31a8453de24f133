"""From units to decisions: one row for each, whatever the evaluator does."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.evaluate.catalogue import Ready
from tasks.evaluate.scores import Question, question
from tasks.shared.errors import ConfigurationError, ServiceError
from tasks.shared.records import Score, Status
from tasks.shared.store.tables import DECISIONS

LONGEST_EXPLANATION = 2000
# What a decision takes over from its unit.
FROM_UNITS = ("unit_id", "trace_id", "start_time", "unit_digest", "scored_before")


def decide(ready: Ready, units: pa.Table, now: dt.datetime) -> pa.Table:
    """Decisions on *units*, in their order, in the schema of DECISIONS.

    *units* has the columns of FROM_UNITS and those that the evaluator needs. A unit on which the evaluator raises is
    `errored`, with the error's text as explanation.
    """
    evaluator, ask = ready.evaluator, question(ready)
    needed = [units[column].to_pylist() for column in evaluator.needs]
    rows = zip(*needed, strict=True) if needed else ((),) * units.num_rows
    outcomes = [_outcome(ask, dict(zip(evaluator.needs, row, strict=True))) for row in rows]
    same = {
        "unit": evaluator.unit,
        "evaluator": ready.name,
        "version": evaluator.version,
        "kind": evaluator.kind,
        "direction": evaluator.direction,
        "model": None,
        "cost_usd": 0.0,
        "inclusion_probability": 1.0,
        "decided_at": now,
    }
    columns: dict[str, Any] = {column: [value] * units.num_rows for column, value in same.items()}
    columns |= {column: units[column] for column in FROM_UNITS}
    columns |= {
        "status": [status for status, _ in outcomes],
        "score": [score.score for _, score in outcomes],
        "label": [score.label for _, score in outcomes],
        "explanation": [cut(score.explanation) for _, score in outcomes],
    }
    return decision_table(columns, units.num_rows)


def decision_table(columns: Mapping[str, Any], rows: int) -> pa.Table:
    """DECISIONS from its columns; those that are not given are null."""
    nothing = [None] * rows
    return pa.table({field.name: columns.get(field.name, nothing) for field in DECISIONS.schema}).cast(DECISIONS.schema)


def error_notes(ready: Ready, decisions: pa.Table) -> list[str]:
    """At most one sentence: on how many units the evaluator raised, and what it said first."""
    errors = decisions.filter(pc.equal(decisions["status"], "errored"))
    if not errors.num_rows:
        return []
    first = errors["explanation"][0].as_py()
    return [f"{ready.name} raised on {errors.num_rows} of {decisions.num_rows} units, first: {first[:200]}"]


def _outcome(ask: Question, values: dict[str, Any]) -> tuple[Status, Score]:
    try:
        score = ask(values)
    except (ConfigurationError, ServiceError):
        # Not the unit's doing: a decision would stand, and the unit never be asked about again.
        raise
    except Exception as error:  # noqa: BLE001 - an evaluator may raise anything; the decision records it
        return "errored", Score(explanation=f"{type(error).__name__}: {error}")
    if score is None:
        return "not_applicable", Score()
    if score.score is None and score.label is None:
        return "not_applicable", score
    return "scored", score


def cut(text: str | None) -> str | None:
    """*text*, not longer than an explanation may be."""
    return text if text is None or len(text) <= LONGEST_EXPLANATION else text[: LONGEST_EXPLANATION - 1] + "…"
