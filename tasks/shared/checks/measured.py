"""What holds for metrics, of whatever window: a finite value, an interval around it, coverage a share, n a count."""

from tasks.shared.checks.check import Check, Scope
from tasks.shared.checks.rules import at_least, between, finite, holds

# The ends of an interval are computed apart from the value: allow for their last digits.
SLACK = "1e-9 * greatest(1, abs(value))"
MEASURED = (finite("value"), at_least("n", 0), between("coverage", 0, 1))
HELPERS = {
    "interval_holds_value": "CASE WHEN low IS NOT NULL OR high IS NOT NULL THEN "
    f"coalesce(isfinite(low) AND isfinite(high) AND low <= value + {SLACK} AND value <= high + {SLACK}, false) END",
    "bounds_hold_value": "CASE WHEN worst IS NOT NULL OR best IS NOT NULL THEN "
    "coalesce(isfinite(worst) AND isfinite(best) "
    f"AND value BETWEEN least(worst, best) - {SLACK} AND greatest(worst, best) + {SLACK}, false) END",
}


def measured(_scope: Scope) -> tuple[Check, ...]:
    """What a metric's numbers have to do with one another."""
    return (
        holds("interval_holds_value", "low is at most value and value at most high"),
        holds("bounds_hold_value", "value lies between worst and best"),
    )
