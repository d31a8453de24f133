"""Candidate prompts: known purposes and outcomes."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import holds, one_of

VALUES = (
    one_of("purpose", ("optimisation", "compression")),
    one_of("outcome", ("proposed", "promoted", "candidate", "archived")),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("has_version", "what was tried has a version in the hub"),)


SUITE = Suite(values=VALUES, checks=checks, helpers={"has_version": "version IS NOT NULL OR outcome = 'archived'"})
