"""A question to the model: messages with places for data, and the schema of the answer, from a shipped YAML file."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import PromptText
from tasks.shared.strict_yaml import read_mapping

CLOSING_TAG = re.compile(r"<(?=\s*/)")


class Unusable(Exception):
    """An answer that has the schema's form, and still cannot be used."""


class Question(BaseModel):
    """The contents of `tips.yaml` or `conflicts.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1)
    messages: tuple[dict[str, str], ...] = Field(min_length=1)
    answer: dict[str, Any] = Field(alias="schema")

    def asked(self, **values: str) -> list[dict[str, str]]:
        """The messages with *values* in their places; no value can end the place where it stands."""
        safe = {name: CLOSING_TAG.sub(r"<\\", value) for name, value in values.items()}
        return PromptText(name="sync", messages=self.messages).render(safe)


@cache
def shipped(name: str) -> Question:
    """The question in the file *name* of this stage. Raises ConfigurationError when somebody broke the file."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    try:
        return Question.model_validate(read_mapping(text, name, "version, messages and schema"))
    except ValidationError as error:
        raise ConfigurationError(f"{name} is wrong: {error}. Restore it.") from error
