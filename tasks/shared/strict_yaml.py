"""YAML files that people write: one mapping each, where nothing stands twice, and errors that say what to correct."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from tasks.shared.errors import ConfigurationError


def read_mapping(text: str, origin: str, keys: str) -> dict[str, Any]:
    """The mapping in *text*. *origin* is the file as people know it; *keys* says what one could write there.

    Raises:
        ConfigurationError: It is no YAML, or no mapping.
    """
    try:
        data: Any = yaml.load(text, _NothingTwice)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{origin} is not YAML: {' '.join(str(error).split())}. Correct it there.") from error
    if not isinstance(data, dict):
        found = "is empty" if data is None else f"holds a {type(data).__name__}"
        raise ConfigurationError(f"{origin} {found}. Write the keys of {keys}.")
    return data


def own_errors(error: ValidationError) -> list[Mapping[str, Any]]:
    """Pydantic's errors, but not that a list whose one item is wrong holds nothing."""
    found: list[Mapping[str, Any]] = [*error.errors(include_url=False)]
    within = {tuple(each["loc"][:length]) for each in found for length in range(len(each["loc"]))}
    return [each for each in found if each["type"] != "too_short" or tuple(each["loc"]) not in within]


def as_written(value: Any) -> str:
    """How people wrote *value*: YAML reads yes and no as true and false."""
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def plainly(error: Mapping[str, Any]) -> str | None:
    """What is wrong by one of pydantic's errors, with the fix, where that is the same for every file; None else."""
    if error["type"] == "missing":
        return "is missing. Add it"
    if error["type"] == "too_short":
        return "is empty. Give at least one"
    if error["type"] == "string_type" and isinstance(error["input"], bool | int | float | dt.date):
        return f'should be text. Write "{as_written(error["input"])}" with the quotes'
    return None


class _NothingTwice(yaml.SafeLoader):
    """Plain YAML, where a key that stands twice is an error and not the last one's victory."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None or name in seen:
                wrong = "a key is no plain text" if name is None else f"key {name!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, wrong, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)
