"""Versions of datasets: counts that can be."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (
        at_least("examples", 0),
        at_least("added", 0),
    )


SUITE = Suite(checks=checks)
