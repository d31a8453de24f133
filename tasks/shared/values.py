"""Total functions from whatever stands in an attribute to one plain type. None where there is nothing to read."""

import ast
import re
from typing import Any

import orjson

WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,19}(?:\.0+)?")
# Beyond any count, and sums of a few stay within 64 bits.
COUNT_LIMIT = 2**60
# orjson writes 254 levels. Texts with fewer brackets cannot be deeper, whatever they are wrapped in.
SAFE_BRACKETS = 200

Object = dict[str, Any]


class Malformed(ValueError):
    """A span that cannot become a row; the text is the reason that goes to quarantine."""


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks: equal values give equal text. Malformed when JSON cannot say it."""
    return canonical_bytes(value).decode()


def canonical_bytes(value: Any) -> bytes:
    """The same as UTF-8."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise Malformed(f"cannot be written as JSON: {error}") from error


def text(value: Any) -> str | None:
    """Text as it is; numbers, flags and structures as JSON; None for nothing, which empty text is too."""
    if type(value) is str:
        return value or None
    return None if value is None else canonical(value)


def obj(value: Any) -> Object:
    """The object itself, or an empty one for anything else."""
    return value if type(value) is dict else {}


def integer(value: Any, name: str) -> int | None:
    """A whole number, also when it was sent as text or as a float without fraction.

    Raises Malformed for anything else, naming the attribute *name*.
    """
    if type(value) is int:
        number = value
    elif value is None or value == "":
        return None
    elif type(value) is float and value.is_integer():
        number = int(value)
    elif type(value) is str and WHOLE_NUMBER.fullmatch(value.strip()):
        number = int(value.strip().partition(".")[0])
    else:
        raise Malformed(f"{name} is {shortened(value)}, not a whole number")
    if abs(number) > COUNT_LIMIT:
        raise Malformed(f"{name} is beyond any count")
    return number


def parsed(value: Any) -> Any:
    """What a JSON text or a Python literal of a list or dict stands for; None when it is neither."""
    if type(value) is not str or not value.lstrip().startswith(("{", "[")):
        return None if type(value) is str else value
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        found = _python_literal(value)
    if value.count("[") + value.count("{") > SAFE_BRACKETS and not _writable(found):
        return None
    return found


def items(node: Any, name: str) -> list[Any]:
    """The list below `node[name]`, however Phoenix stored its numbered keys.

    A list; an object with numeric keys; or, where the bare key was taken too, siblings called `name.0`, `name.1`.
    """
    if type(node) is not dict:
        return []
    value = node.get(name)
    if type(value) is list:
        return value
    prefix = f"{name}."
    numbered = {k[len(prefix) :]: v for k, v in node.items() if k.startswith(prefix)} or obj(value)
    return [numbered[k] for k in sorted((k for k in numbered if is_index(k)), key=int)]


def is_index(key: str) -> bool:
    """Whether a key is a position in a list."""
    return key.isascii() and key.isdigit()


def first(*values: Any) -> str | None:
    """The first of *values* that is not nothing, as text."""
    for value in values:
        if (found := text(value)) is not None:
            return found
    return None


def twelve_digits(number: float) -> float:
    """*number* with twelve significant digits: a sum made again in another order, by other threads, says the same."""
    return float(f"{number:.12g}")


def shortened(value: Any, limit: int = 60) -> str:
    """The value for a message: its repr, cut."""
    shown = ascii(value) if type(value) in (str, int, float, bool, type(None)) else type(value).__name__
    return shown if len(shown) <= limit else f"{shown[:limit]}..."


def _python_literal(source: str) -> Any:
    """`[{'type': 'text'}]`: some instrumentations write `str(value)` where JSON was meant. Nothing is executed."""
    try:
        return orjson.loads(orjson.dumps(ast.literal_eval(source), option=orjson.OPT_NON_STR_KEYS))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _writable(value: Any) -> bool:
    try:
        orjson.dumps([[[[[[[[value]]]]]]]])
    except orjson.JSONEncodeError:
        return False
    return True
