"""Verdicts of gates: one of the three, and the document says the same."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import holds, one_of

VALUES = (one_of("verdict", ("pass", "fail", "inconclusive")),)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("document_agrees", "the document is JSON and has the same verdict"),)


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={
        "document_agrees": "CASE WHEN json_valid(document) THEN "
        "coalesce(json_extract_string(document, '$.verdict') = verdict, false) ELSE document IS NULL END"
    },
)
