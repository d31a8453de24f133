"""What is wrong with the arguments of a tool call: they do not parse, or do not fit the tool's JSON schema."""

from collections.abc import Mapping
from typing import Any

import orjson

from tasks.shared.step_signs.tool_schemas import offered_tools, violation


def problem_of(call: Mapping[str, Any], tools: str | None) -> str | None:
    """The problem of a *call* (`name`, `arguments` as given) where *tools* were offered; None where there is none.

    *tools* is the spans table's column. Where offered tools are recorded, a call of another tool is a problem too.
    """
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
