"""Great Expectations between the stages: one suite module per table, and the gate that a stage's rows pass.

A step calls `gate(stage, lake, settings.checks, create_markdown_artifact)` before `stage.publish()`, and `warm_up()`
before it starts to wait for something else.
"""

from tasks.shared.checks.check import Check, CheckResult, Scope, Suite, Validation
from tasks.shared.checks.gate import gate
from tasks.shared.checks.page import markdown, page
from tasks.shared.checks.quarantine import keep_out
from tasks.shared.checks.record import record, recorded
from tasks.shared.checks.validation import validate
from tasks.shared.checks.warm import warm_up

__all__ = [
    "Check",
    "CheckResult",
    "Scope",
    "Suite",
    "Validation",
    "gate",
    "keep_out",
    "markdown",
    "page",
    "record",
    "recorded",
    "validate",
    "warm_up",
]
