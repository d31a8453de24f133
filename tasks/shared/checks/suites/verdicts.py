"""Verdicts of gates: one of the three."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import one_of


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (one_of("verdict", ("pass", "fail", "inconclusive")),)


SUITE = Suite(checks=checks)
