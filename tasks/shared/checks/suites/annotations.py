"""Annotations from Phoenix: known units and kinds of annotator."""

from typing import get_args

from tasks.shared.checks.check import Suite
from tasks.shared.checks.rules import finite, one_of
from tasks.shared.records import Unit

ANNOTATOR_KINDS = ("HUMAN", "LLM", "CODE")


VALUES = (
    one_of("unit", get_args(Unit)),
    one_of("annotator_kind", ANNOTATOR_KINDS),
    finite("score"),
)


SUITE = Suite(values=VALUES)
