"""Decisions: a known status, an answer where scored, a probability that weights can be made of."""

from typing import get_args

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, between, finite, holds, one_of
from tasks.shared.records import Direction, EvaluatorKind, Status, Unit

VALUES = (
    one_of("unit", get_args(Unit)),
    one_of("kind", get_args(EvaluatorKind)),
    one_of("direction", get_args(Direction)),
    one_of("status", get_args(Status)),
    finite("score"),
    between("inclusion_probability", 0, 1, "above 0 and at most 1", above=True),
    at_least("cost_usd", 0),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of decisions."""
    return (holds("scored_has_answer", "a scored decision has a score or a label"),)


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={"scored_has_answer": "CASE WHEN status = 'scored' THEN score IS NOT NULL OR label IS NOT NULL END"},
)
