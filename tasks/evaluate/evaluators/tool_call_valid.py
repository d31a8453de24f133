"""1.0 when every tool call of a span has arguments that parse, and that fit the tool's JSON schema where recorded.

Where the offered tools are recorded, a call of another tool is invalid as well.
"""

from tasks.shared.records import Evaluator, Score
from tasks.shared.step_signs.messages import tool_calls
from tasks.shared.step_signs.tool_arguments import problem_of


def tool_call_valid(
    output_messages: str | None, tool_name: str | None, tool_arguments: str | None, tools: str | None
) -> Score | None:
    """Look at the calls that an LLM made, or at the arguments that a tool got."""
    calls = tool_calls(output_messages)
    if tool_arguments is not None:
        calls.append({"name": tool_name, "arguments": tool_arguments})
    if not calls:
        return None
    problems = [f"{call['name']}: {problem}" for call in calls if (problem := problem_of(call, tools))]
    if not problems:
        return Score(1.0, "valid")
    return Score(0.0, "invalid", f"{len(problems)} of {len(calls)} calls: {'; '.join(problems)}.")


EVALUATOR = Evaluator(
    unit="span",
    select="(kind = 'LLM' AND contains(output_messages, '\"tool_calls\"'))"
    " OR (kind = 'TOOL' AND tool_arguments IS NOT NULL)",
    needs=("output_messages", "tool_name", "tool_arguments", "tools"),
    score=tool_call_valid,
)
