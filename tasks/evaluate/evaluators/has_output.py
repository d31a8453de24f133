"""1.0 when a span that should answer did: LLM and AGENT spans, and chains at the root. A tool call is an answer too."""

from tasks.shared.records import Evaluator, Score
from tasks.shared.step_signs.messages import parsed

# What instrumentations write when a function returned nothing. `[]` and `{}` are answers: nothing was found.
NOTHING = {"", "null", "None", '""', "''"}


def has_output(output: str | None, output_messages: str | None) -> Score:
    """Whether there is text, or a tool call."""
    if (output or "").strip() not in NOTHING or (output_messages and _says_something(output_messages)):
        return Score(1.0, "output")
    return Score(0.0, "empty", "The span ended without text or a tool call.")


def _says_something(output_messages: str) -> bool:
    return any("tool_calls" in message or (message["content"] or "").strip() for message in parsed(output_messages))


EVALUATOR = Evaluator(
    unit="span",
    select="kind IN ('LLM', 'AGENT') OR (kind = 'CHAIN' AND parent_id IS NULL)",
    needs=("output", "output_messages"),
    score=has_output,
)
