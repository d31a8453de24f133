"""Examples: each in one of the splits, its contents JSON objects."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import holds, one_of
from tasks.shared.splits import SPLITS

CONTENTS = ("input", "output", "metadata")


VALUES = (one_of("split", SPLITS),)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (*(holds(f"{column}_is_object", f"{column} is a JSON object") for column in CONTENTS),)


def is_object(column: str) -> str:
    """SQL: whether the text is a JSON object; null where there is none."""
    known = f"WHEN json_valid({column}) THEN json_type({column}) = 'OBJECT'"
    return f"CASE WHEN {column} IS NULL THEN NULL {known} ELSE false END"


SUITE = Suite(values=VALUES, checks=checks, helpers={f"{column}_is_object": is_object(column) for column in CONTENTS})
