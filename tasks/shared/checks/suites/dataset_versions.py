"""Versions of datasets: counts that can be, rules and counts that are JSON objects."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, holds

DOCUMENTS = ("rules", "counts")


VALUES = (
    at_least("examples", 0),
    at_least("added", 0),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (*(holds(f"{column}_is_object", f"{column} is a JSON object") for column in DOCUMENTS),)


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={
        f"{column}_is_object": f"CASE WHEN json_valid({column}) THEN json_type({column}) = 'OBJECT' ELSE false END"
        for column in DOCUMENTS
    },
)
