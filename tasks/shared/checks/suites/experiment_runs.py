"""Answers of experiments: known statuses, no negative amounts."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, one_of


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (
        one_of("status", ("answered", "errored", "budget_stopped")),
        at_least("repetition", 1),
        at_least("latency_ms", 0),
        at_least("prompt_tokens", 0),
        at_least("completion_tokens", 0),
        at_least("cost_usd", 0),
    )


SUITE = Suite(checks=checks)
