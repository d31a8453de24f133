"""The one nested form of a span's attributes, whichever route they came by.

Phoenix stores nested JSON; its GET route hands it out flattened (`llm.input_messages.0.message.role`), which forgets
nulls, empty objects, and whether `a.b` was one key or two. So the canonical form is what survives flattening: no
nulls and empty objects in objects, keys split at dots, a list that holds objects holds only objects, numbered keys
that lead to objects are a list.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.shared.gateways.phoenix.floats import as_printed

Path = tuple[str, ...]
EXACT_BELOW = 2**53


class _NotPlain(Exception):
    """A key that flattening would read differently."""


def canonical(value: Any) -> Any:
    """The canonical form of the subtree *value* stored under a path; None when nothing of it survives."""
    try:
        return _tidied(value)
    except _NotPlain:
        return _rounded(unflatten(dict(flatten(value, "x"))).get("x"))


def at_path(value: Any) -> Any:
    """The canonical form of what stands directly at a selected path.

    There a lone number has gone through a data frame's column in Phoenix, which makes integers floats when another
    span has none; so a whole number is an integer here.
    """
    if isinstance(value, float):
        number = as_printed(value)
        return int(number) if number.is_integer() and abs(number) < EXACT_BELOW else number
    return canonical(value)


def is_doubtful(value: Any) -> bool:
    """Whether a number at a selected path may have lost digits on its way through a float."""
    return isinstance(value, int | float) and abs(value) >= EXACT_BELOW


def _tidied(value: Any) -> Any:
    if isinstance(value, str):  # first, because most are
        return value
    if isinstance(value, float):
        return as_printed(value)
    if isinstance(value, dict):
        kept = {}
        for key, member in value.items():
            if "." in key or not key or key.isdigit():
                raise _NotPlain(key)
            tidy = _tidied(member)
            if tidy is not None:
                kept[key] = tidy
        return kept or None
    if isinstance(value, list):
        if any(isinstance(member, dict) for member in value):
            return [tidy for member in value if isinstance(member, dict) and (tidy := _tidied(member))] or None
        return [_rounded(member) for member in value]
    return value


def _rounded(value: Any) -> Any:
    """*value* as it is, but for its floats."""
    if isinstance(value, float):
        return as_printed(value)
    if isinstance(value, list):
        return [_rounded(member) for member in value]
    if isinstance(value, dict):
        return {key: _rounded(member) for key, member in value.items()}
    return value


def flatten(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Dotted keys and plain values of *value*, as Phoenix's GET route flattens what it stores."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from flatten(member, f"{prefix}.{key}")
    elif isinstance(value, list) and any(isinstance(member, Mapping) for member in value):
        for index, member in enumerate(value):
            if isinstance(member, Mapping):
                yield from flatten(member, f"{prefix}.{index}")
    elif value is not None:
        yield prefix, value


class _Node:
    """A segment of dotted keys: its own value, and the segments that follow it."""

    __slots__ = ("children", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.children: dict[str, _Node] = {}


def unflatten(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The nested form of dotted keys. A key that has both a value and longer keys stays beside them, dotted."""
    root = _Node()
    for key, value in flat.items():
        node = root
        for segment in key.split("."):
            node = node.children.setdefault(segment, _Node())
        node.value = value
    return dict(_members(root))


def _members(node: _Node, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for segment, child in node.children.items():
        key = f"{prefix}{segment}"
        if child.value is not None:
            yield key, child.value
            yield from _members(child, f"{key}.")
        else:
            yield key, _nested(child)


def _nested(node: _Node) -> Any:
    numbered = all(s.isdigit() and child.value is None for s, child in node.children.items())
    if not numbered:
        return dict(_members(node))
    return [_as_object(node.children[segment]) for segment in sorted(node.children, key=int)]


def _as_object(node: _Node) -> dict[str, Any]:
    """A member of a list is an object even when its own keys are numbers."""
    return dict(_members(node))


def path_of(dotted: str) -> Path:
    """The segments of a dotted path."""
    return tuple(dotted.split("."))


def outermost(dotted: Iterable[str]) -> list[Path]:
    """The distinct paths that no other one of them contains, in a fixed order."""
    paths = sorted({path_of(text) for text in dotted})
    return [path for path in paths if not any(path[:depth] in paths for depth in range(1, len(path)))]


def lookup(tree: Mapping[str, Any], path: Path) -> Any:
    """What stands at *path*; None when nothing does."""
    value: Any = tree
    for segment in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(segment)
    return value


def placed(values: Iterable[tuple[Path, Any]]) -> dict[str, Any]:
    """One tree with each value at its path; values that are None are left out."""
    tree: dict[str, Any] = {}
    for path, value in values:
        if value is not None:
            node = tree
            for segment in path[:-1]:
                node = node.setdefault(segment, {})
            node[path[-1]] = value
    return tree
