"""The tables of settings: every key of nightjar.toml, by table."""

import inspect
from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from docs.writing import table as _table
from tasks.shared.settings import AlertRule, ChannelSettings, GateMetric, Price, Settings, TrafficBudget

# What names the tables of a kind below a setting, where that is more than a name.
NAMED: Mapping[type[BaseModel], str] = {Price: '"<model>"', TrafficBudget: '"<project>"', GateMetric: "<evaluator>"}
# Settings whose tables a guide has.
IN_GUIDES = (ChannelSettings, AlertRule)


def settings() -> str:
    """Every setting, by table of nightjar.toml."""
    parts: dict[str, list[tuple[str, str, str]]] = {}
    for key, field in setting_fields():
        table = key.rpartition(".")[0]
        parts.setdefault(table, []).append((f"`{key.rpartition('.')[2]}`", default_of(field), field.description or ""))
    return "\n\n".join(
        (f"### `[{table}]`\n\n" if table else "### Top level\n\n") + _table(("key", "default", "meaning"), rows)
        for table, rows in parts.items()
    )


def setting_fields(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting as `table.key` with its field; the top level first."""
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            inner.append((name, field.annotation))
        elif (kind := _table_in(field.annotation)) is not None:
            named = get_origin(field.annotation) is dict
            if named:
                yield f"{prefix}{name}", field
            inner.append((f"{name}.{NAMED.get(kind, '<name>')}" if named else name, kind))
        else:
            yield f"{prefix}{name}", field
    for name, nested in inner:
        yield from setting_fields(nested, f"{prefix}{name}.")


def default_of(field: FieldInfo) -> str:
    """A setting's default, as the tables write it."""
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=True, validated_data={})
    if SecretStr in (field.annotation, *get_args(field.annotation)) and get_origin(field.annotation) is not dict:
        return "none; a secret: set it in the environment"
    match default:
        case None:
            return "none"
        case _ if default in ("", (), {}):
            return "empty"
        case bool() | int() | float():
            return f"`{default}`"
        case str():
            return f'`"{default}"`'
        case dict():
            return "`{ " + ", ".join(f'"{key}" = {value}' for key, value in default.items()) + " }`"
    return f"`{default}`"


def _table_in(annotation: object) -> type[BaseModel] | None:
    """The model of the table, or of each of the tables, that a setting of this type is; None for a plain value."""
    found = [kind for kind in get_args(annotation) if inspect.isclass(kind) and issubclass(kind, BaseModel)]
    return found[0] if found and found[0] not in IN_GUIDES else None
