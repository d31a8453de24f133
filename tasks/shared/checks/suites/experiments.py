"""Experiments: known roles, counts that can be."""

from tasks.shared.checks.check import Suite
from tasks.shared.checks.rules import at_least, one_of

VALUES = (
    one_of("role", ("baseline", "candidate")),
    at_least("examples", 1),
    at_least("repetitions", 1),
)


SUITE = Suite(values=VALUES)
