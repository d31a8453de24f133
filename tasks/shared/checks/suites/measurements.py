"""Measurements: finite sums, whole hours, no cluster without a unit."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, finite, holds

VALUES = (
    at_least("n", 0),
    at_least("weight", 0),
    finite("total"),
    at_least("weight_squares", 0),
    at_least("total_squares", 0),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (
        holds("clusters_hold_units", "there are at most as many clusters as units"),
        holds("whole_hour", "start_time is a whole hour"),
    )


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={
        "clusters_hold_units": "clusters BETWEEN 0 AND n",
        "whole_hour": "epoch_us(start_time) % 3600000000 = 0",
    },
)
