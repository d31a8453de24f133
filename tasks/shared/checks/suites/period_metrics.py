"""Metrics of weeks and months: what holds for those of days, and a known edition."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.measured import HELPERS, MEASURED
from tasks.shared.checks.rules import one_of


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of metrics of periods."""
    return (*MEASURED, one_of("edition", ("week", "month")))


SUITE = Suite(checks=checks, helpers=HELPERS)
