"""Answers of experiments: known statuses, an answer or the reason why there is none, no negative amounts."""

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, holds, one_of

VALUES = (
    one_of("status", ("answered", "errored", "budget_stopped")),
    at_least("repetition", 1),
    at_least("latency_ms", 0),
    at_least("prompt_tokens", 0),
    at_least("completion_tokens", 0),
    at_least("cost_usd", 0),
)


def checks(_scope: Scope) -> tuple[Check, ...]:
    """The checks of the table."""
    return (holds("answer_or_reason", "what was answered has an output, and anything else an error"),)


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={
        "answer_or_reason": "CASE status WHEN 'answered' THEN output IS NOT NULL AND error IS NULL "
        "ELSE output IS NULL AND error IS NOT NULL END"
    },
)
