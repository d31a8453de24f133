"""Experiments: known roles, counts that can be."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, one_of


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (
        one_of("role", ("baseline", "candidate")),
        at_least("examples", 1),
        at_least("repetitions", 1),
    )


SUITE = Suite(checks=checks)
