"""Phoenix's cost beside ours: known reasons, no cost below 0, and a sentence wherever they differ."""

from typing import get_args

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, holds, one_of
from tasks.shared.records import CostReason

VALUES = (
    one_of("reason", get_args(CostReason)),
    *(at_least(name, 0) for name in ("calls", "tokens", "cost_usd", "phoenix_tokens", "phoenix_cost_usd")),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("difference_is_told", "there is a sentence exactly where the two are not the same"),)


SUITE = Suite(values=VALUES, checks=checks, helpers={"difference_is_told": "(reason = 'same') = (told = '')"})
