"""One spelling and one form for all ways of writing the same statement."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from tasks.shared.sql.dialects import translated
from tasks.shared.sql.grammar import Node, spelled_by_postgres, statements_of
from tasks.shared.sql.parse import REMEMBERED
from tasks.shared.sql.placeholders import neutral

# Where something stands in the text, not what it says.
PLACES = frozenset(("location", "list_start", "list_end", "rexpr_list_start", "rexpr_list_end"))
PARAMETER = re.compile(r"'(?:[^']|'')*'|\$(\d+)")


@dataclass(frozen=True)
class Canonical:
    """`text` is for people, in PostgreSQL's own spelling; `form` is equal for equal statements."""

    text: str
    form: bytes


@lru_cache(maxsize=REMEMBERED)
def canonical(sql: str, dialect: str) -> Canonical:
    """*sql*, which `parsed` could read. A statement too deep for Python to walk is compared by its spelling alone.

    Raises:
        GrammarError, NotLookedAt: when `parsed` could not read it.
    """
    exact = neutral(translated(sql, dialect).text or sql)
    statements = statements_of(exact.text)
    text = PARAMETER.sub(lambda found: _named(found, exact.names), spelled_by_postgres(exact.text))
    try:
        return Canonical(text, _bytes(_form(statements, exact.names)))
    except (RecursionError, orjson.JSONEncodeError):
        return Canonical(text, text.encode())


def _form(tree: Any, names: list[str]) -> Any:
    """The tree without places, parameters by name, ascending as the default, ANDed and ORed conditions in order."""
    if isinstance(tree, list):
        return [_form(item, names) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "ParamRef" in tree:
        return {"ParamRef": names[tree["ParamRef"]["number"] - 1]}
    node: Node = {key: _form(value, names) for key, value in tree.items() if key not in PLACES}
    if node.get("boolop") in {"AND_EXPR", "OR_EXPR"}:
        node["args"] = sorted(node["args"], key=_bytes)
    if node.get("sortby_dir") == "SORTBY_ASC":
        node["sortby_dir"] = "SORTBY_DEFAULT"
    return node


def _named(found: re.Match[str], names: list[str]) -> str:
    return found[0] if found[1] is None else f":{names[int(found[1]) - 1]}"


def _bytes(tree: Any) -> bytes:
    return orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)
