"""Failures: by a known word, and without a failing span where the run ended well."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import holds, one_of

VALUES = (
    one_of("source", ("label", "code", "judge")),
    one_of("step_kind", ("llm", "tool", "other")),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("spared_where_well", "a run that ended well names no failing span"),)


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={"spared_where_well": "state <> 'none' OR span_id IS NULL"},
)
