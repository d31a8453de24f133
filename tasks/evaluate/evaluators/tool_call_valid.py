"""1.0 when every tool call of a span has arguments that parse, and that fit the tool's JSON schema where recorded.

Where the offered tools are recorded, a call of another tool is invalid as well.
"""

from typing import Any

import orjson

from tasks.evaluate.messages import tool_calls
from tasks.evaluate.schemas import offered_tools, violation
from tasks.shared.records import Evaluator, Score


def tool_call_valid(
    output_messages: str | None, tool_name: str | None, tool_arguments: str | None, tools: str | None
) -> Score | None:
    """Look at the calls that an LLM made, or at the arguments that a tool got."""
    calls = tool_calls(output_messages)
    if tool_arguments is not None:
        calls.append({"name": tool_name, "arguments": tool_arguments})
    if not calls:
        return None
    problems = [f"{call['name']}: {problem}" for call in calls if (problem := _problem(call, tools))]
    if not problems:
        return Score(1.0, "valid")
    return Score(0.0, "invalid", f"{len(problems)} of {len(calls)} calls: {'; '.join(problems)}.")


def _problem(call: dict[str, Any], tools: str | None) -> str | None:
    name, arguments = call["name"], call["arguments"]
    offered = offered_tools(tools) if tools else {}
    if offered and name not in offered:
        return f"no such tool was offered ({', '.join(offered)})"
    if isinstance(arguments, str) and arguments.strip():
        try:
            arguments = orjson.loads(arguments)
        except orjson.JSONDecodeError as error:
            return f"arguments are not JSON ({error})"
    # Providers send "" or nothing for a call without arguments.
    arguments = arguments or {}
    if not isinstance(arguments, dict):
        return f"arguments are {type(arguments).__name__}, not an object"
    return violation(offered.get(name), arguments)


EVALUATOR = Evaluator(
    unit="span",
    select="(kind = 'LLM' AND contains(output_messages, '\"tool_calls\"'))"
    " OR (kind = 'TOOL' AND tool_arguments IS NOT NULL)",
    needs=("output_messages", "tool_name", "tool_arguments", "tools"),
    score=tool_call_valid,
)
