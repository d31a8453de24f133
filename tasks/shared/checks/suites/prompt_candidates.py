"""Candidate prompts: known purposes and outcomes."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import one_of


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (
        one_of("purpose", ("optimisation", "compression")),
        one_of("outcome", ("promoted", "candidate", "archived")),
    )


SUITE = Suite(checks=checks)
