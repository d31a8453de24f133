"""Examples: each in one of the splits."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import one_of


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (one_of("split", ("train", "dev", "test", "holdout")),)


SUITE = Suite(checks=checks)
