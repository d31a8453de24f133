"""JSON schemas of tools, compiled once per distinct list of tools."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

NAMED_AT_MOST = 3


@lru_cache(maxsize=512)
def offered_tools(tools: str) -> Mapping[str, Validator | None]:
    """Tool name to the compiled schema of its parameters, None where no usable schema is recorded.

    *tools* is the spans table's column: a JSON list of {"name", "description"?, "parameters"?}.
    """
    return {tool["name"]: _compiled(tool.get("parameters")) for tool in orjson.loads(tools) if tool["name"]}


def violation(validator: Validator | None, arguments: Mapping[str, Any]) -> str | None:
    """How *arguments* break the schema; None when they fit, or when there is no schema to fit."""
    if validator is None:
        return None
    try:
        if validator.is_valid(arguments):
            return None
        errors = [f"{error.json_path} {error.message}"[:200] for error in validator.iter_errors(arguments)]
    except Unresolvable:
        return None
    further = f" and {len(errors) - NAMED_AT_MOST} more" if len(errors) > NAMED_AT_MOST else ""
    return ", ".join(errors[:NAMED_AT_MOST]) + further


def _compiled(schema: Any) -> Validator | None:
    if not isinstance(schema, dict) or not schema:
        return None
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError:
        return None
    # With an empty registry the validator never fetches from the network what a $ref in a trace names.
    return kind(schema, registry=Registry())
