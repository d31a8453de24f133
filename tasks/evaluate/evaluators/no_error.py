"""1.0 when no step of the trace failed: no span with status ERROR, and none that says "Error: ..." with another status.

Applications often catch an exception and pass its text on as the step's output, so that the status stays OK.
"""

from typing import Any

from tasks.shared.records import Evaluator, Score
from tasks.shared.step_signs.error_text import says_error

NAMED_AT_MOST = 5


def no_error(steps: list[dict[str, Any]]) -> Score:
    """Look at every step's status and at how its output begins."""
    failures = [failure for step in steps if (failure := _failure(step))]
    if not failures:
        return Score(1.0, "ok")
    further = f" and {len(failures) - NAMED_AT_MOST} more" if len(failures) > NAMED_AT_MOST else ""
    named = "; ".join(failures[:NAMED_AT_MOST])
    return Score(0.0, "error", f"{len(failures)} of {len(steps)} steps failed: {named}{further}.")


def _failure(step: dict[str, Any]) -> str | None:
    if step["status_code"] == "ERROR":
        message = step["status_message"]
        return f"{step['name']} (status ERROR: {message[:120]})" if message else f"{step['name']} (status ERROR)"
    output = step["output_head"]
    if says_error(output):
        return f"{step['name']} (output {output.strip()[:80]!r})"
    return None


EVALUATOR = Evaluator(unit="trace", needs=("steps",), score=no_error)
