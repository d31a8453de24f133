"""Deliveries: known words, at least one try, and an error exactly where it failed."""

from typing import get_args

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, holds, one_of
from tasks.shared.records import Event, Severity

VALUES = (
    one_of("event", get_args(Event)),
    one_of("severity", get_args(Severity)),
    one_of("status", ("sent", "failed")),
    at_least("attempts", 0),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("failed_says_why", "there is an error exactly where it failed"),)


SUITE = Suite(values=VALUES, checks=checks, helpers={"failed_says_why": "(status = 'failed') = (error IS NOT NULL)"})
