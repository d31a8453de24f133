"""Feedback: known ratings, and matched or not."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import one_of


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (
        one_of("rating", ("positive", "negative")),
        one_of("status", ("matched", "unmatched")),
    )


SUITE = Suite(checks=checks)
