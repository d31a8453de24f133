"""Feedback: known ratings, and what is matched says to what and by what."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import holds, one_of

VALUES = (
    one_of("rating", ("positive", "negative")),
    one_of("status", ("matched", "unmatched", "given_up", "withdrawn")),
    one_of("matched_by", ("trace_id", "session")),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("matched_names_span", "feedback names a trace and its root exactly where it is matched"),)


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={
        "matched_names_span": "(status = 'matched') = (matched_by IS NOT NULL AND trace_id IS NOT NULL "
        "AND span_id IS NOT NULL)"
    },
)
