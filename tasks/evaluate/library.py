"""The judges there are: one YAML file each, shipped ones and those in the settings' folder."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from tasks.evaluate import judges
from tasks.evaluate.judge import Canary, Choice, Judge, Message, Rating, Sampling, Stratum, Swap
from tasks.evaluate.units import spelled_out
from tasks.shared.errors import ConfigurationError, StoreError
from tasks.shared.settings import JudgeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.strict_yaml import as_written, own_errors, plainly, read_mapping

SUFFIX = ".yaml"
NO_PROJECT = "no-project"  # its tables are empty
# What is below a key of a judge.
PARTS: dict[str, type[BaseModel]] = {
    "messages": Message,
    "choices": Choice,
    "rating": Rating,
    "sampling": Sampling,
    "strata": Stratum,
    "swap": Swap,
    "canaries": Canary,
}


def known_judges(settings: JudgeSettings) -> dict[str, Judge]:
    """Every judge by name. Raises ConfigurationError naming file, key and fix."""
    found: dict[str, Judge] = {}
    for name, origin, text in _files(settings.folder):
        judge = _parsed(name, origin, text)
        if name in found:
            raise ConfigurationError(f"{origin}: a judge called {name!r} exists already. Give this one another name.")
        found[name] = judge
    return dict(sorted(found.items()))


def judge_called(name: str, settings: JudgeSettings) -> Judge:
    """The judge called *name*. Raises ConfigurationError where there is none."""
    known = known_judges(settings)
    if name not in known:
        raise ConfigurationError(f"judge {name!r} does not exist. Choose from {', '.join(known)}.")
    return known[name]


def read_judge(name: str, origin: str, text: str) -> Judge:
    """The judge in a file called *name* + `.yaml`. *origin* is the file as people know it."""
    data = read_mapping(text, origin, f"a judge: {', '.join(Judge.model_fields)}")
    try:
        judge = Judge.model_validate(data)
    except ValidationError as error:
        problems = dict.fromkeys(map(_problem, own_errors(error)))
        raise ConfigurationError(f"{origin}: {'; '.join(problems)}.") from error
    if judge.name != name:
        raise ConfigurationError(
            f"{origin}: name is {judge.name!r}, but a judge is called like its file. "
            f"Write `name: {name}`, or rename the file to {judge.name}{SUFFIX}."
        )
    return judge


def verify_sql(judge: Judge, lake: Lake, view: str) -> None:
    """Raise ConfigurationError for a predicate or an input that is no SQL over the columns of the unit's *view*."""
    predicates = {"select": judge.select, "not_applicable": judge.not_applicable}
    predicates |= {f"sampling.strata.{name}.where": stratum.where for name, stratum in judge.sampling.strata.items()}
    inputs = {f"inputs.{variable}": sql for variable, sql in judge.input_sql().items()}
    never = {"start": "2000-01-01T00:00:00Z", "end": "2000-01-01T00:00:00Z"}
    for key, sql in (predicates | inputs).items():
        where = f"judges/{judge.name}{SUFFIX}: {key}"
        try:
            query = f"SELECT ({spelled_out(sql, judge.unit)}) FROM ({view}) WHERE false"
            found = lake.sql(query, NO_PROJECT, parameters=never)
        except StoreError as error:
            words = " ".join(str(error).split())
            raise ConfigurationError(f"{where} is no SQL over the columns of a {judge.unit}: {words}.") from error
        if key in predicates and not pa.types.is_boolean(found.schema.field(0).type):
            raise ConfigurationError(f"{where} is {sql!r}, neither true nor false. Make it a condition.")


def _problem(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as `key: what is wrong`, with the fix where it is not plain."""
    path = [part for part in error["loc"] if not str(part).startswith("function-")]
    words = str(error["msg"]).removeprefix("Value error, ")
    given = error["input"]
    if error["type"] == "extra_forbidden":
        words = f"is no key there. Choose from {', '.join(_keys_beside(path))}, or remove it"
    elif path and path[-1] == "[key]":
        words = f'a name has to be text. Write "{as_written(given)}" with the quotes'
        path = path[:-2]
    elif said := plainly(error):
        words = said
    elif error["type"] == "string_pattern_mismatch":
        words = f"is {given!r}. {words}: {Judge.model_fields[str(path[0])].description}"
    elif words.startswith("Input should"):
        words = f"is {given!r}. {words}"
    key = ".".join(map(str, path))
    return f"{key}: {words}" if key else words


def _keys_beside(path: Sequence[Any]) -> list[str]:
    """The keys that the mapping at *path* (whose last part is the wrong one) may have."""
    within = next((PARTS[str(part)] for part in reversed(path[:-1]) if str(part) in PARTS), Judge)
    return list(within.model_fields)


@cache
def _parsed(name: str, origin: str, text: str) -> Judge:
    return read_judge(name, origin, text)


def _files(folder: str) -> Iterator[tuple[str, str, str]]:
    shipped = files(judges)
    own = Path(folder).expanduser() if folder else None
    if own is not None and not own.is_dir():
        raise ConfigurationError(f'judges.folder "{own}" is no folder. Create it or correct the setting.')
    for place in (shipped, *([own] if own else [])):
        for file in sorted(place.iterdir(), key=lambda file: file.name):
            if file.name.endswith(SUFFIX):
                origin = f"judges/{file.name}" if place is shipped else str(file)
                yield file.name.removesuffix(SUFFIX), origin, file.read_text(encoding="utf-8")
