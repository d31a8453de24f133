"""What an example says, made from a question with its variables and the right answer."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import orjson

from tasks.shared.settings import ExportSettings
from tasks.shared.sql.answers import sql_in

QUESTION = "input"
VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


class Turns(NamedTuple):
    """The system message (empty for none), the question as asked, the right answer."""

    system: str
    prompt: str
    completion: str

    @property
    def characters(self) -> int:
        """How long they are together."""
        return sum(map(len, self))


def turns_of(values: Mapping[str, str], answer: str, rules: ExportSettings) -> Turns | str:
    """The turns of an example, or else why there are none: `without_answer` or `without_variables`."""
    completion = completion_of(answer, rules.field)
    if not completion:
        return "without_answer"
    if any(not values.get(name) for name in named(rules.system, rules.prompt)):
        return "without_variables"
    return Turns(filled(rules.system, values).strip(), filled(rules.prompt, values).strip(), completion)


def completion_of(answer: str, field: str) -> str:
    """What the model shall answer: the answer itself, or a JSON object with it in *field*; empty where there is none.

    For the field `sql` only the SQL of an answer counts.

    >>> completion_of("Here you are:" + chr(10) + "SELECT 1", "sql")
    '{"sql":"SELECT 1"}'
    """
    text = ((sql_in(answer) or "") if field == "sql" else answer).strip()
    return orjson.dumps({field: text}).decode() if field and text else text


def named(*templates: str) -> set[str]:
    """The names of the variables in *templates*."""
    return {name for template in templates for name in VARIABLE.findall(template)}


def filled(template: str, values: Mapping[str, str]) -> str:
    """*template* with the values in place; nothing in a value is filled in again."""
    return VARIABLE.sub(lambda found: values.get(found[1], ""), template)
