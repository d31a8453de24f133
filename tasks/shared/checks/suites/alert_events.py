"""What happened to alerts: known events and severities, a silence or gap that ends, an interval around its value."""

from typing import get_args

from tasks.shared.alert_history import Happening
from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import finite, holds, one_of
from tasks.shared.records import Severity

VALUES = (
    one_of("event", get_args(Happening)),
    one_of("severity", get_args(Severity)),
    finite("value"),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("alert_or_silence", "a silence and skipped hours have an end, everything else an alert"),)


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={
        "alert_or_silence": "CASE WHEN event IN ('silenced', 'skipped') THEN until IS NOT NULL "
        "ELSE coalesce(alert_id, '') <> '' END"
    },
)
