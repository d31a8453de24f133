"""Metrics: a finite value, an interval around it, coverage a share, n a count."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.measured import HELPERS, MEASURED


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of metrics."""
    return MEASURED


SUITE = Suite(checks=checks, helpers=HELPERS)
