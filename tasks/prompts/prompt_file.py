"""A prompt as people write it: one YAML file, checked, and what it says as text for the hub."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from tasks.shared.errors import ConfigurationError
from tasks.shared.few_shot import ShownExample, written
from tasks.shared.gateways.phoenix import PromptText
from tasks.shared.gateways.phoenix.prompt_versions import variables_of
from tasks.shared.strict_yaml import as_written, own_errors, plainly, read_mapping

SUFFIXES = (".yaml", ".yml")
NAME = r"^[a-z0-9]([_a-z0-9-]*[a-z0-9])?$"
TEXT, FILE, EXAMPLES = "as text", "as file", "as examples"
Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A mapping in the file; an unknown key is an error, not a typo that does nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Message(Part):
    """One message of the prompt."""

    role: Literal["system", "user", "assistant"] = Field("user", description="`system`, `user` or `assistant`")
    content: Text = Field(description="text with `{{variables}}`")


class InFile(Part):
    """A section whose text lies in a file of its own."""

    file: Text = Field(description="path, from the folder of the prompt's file")


class Example(Part):
    """A question with its right answer; `sql` in place of `answer` for answers that are SQL."""

    question: Text = Field(description="the question")
    answer: str | None = Field(None, min_length=1, description="its right answer")
    sql: str | None = Field(None, min_length=1, description="its right answer, where that is SQL")

    @model_validator(mode="after")
    def _one_answer(self) -> "Example":
        if (self.answer is None) == (self.sql is None):
            raise ValueError("an example has an answer or sql, one of the two: give it")
        return self


def _kind_of_section(value: Any) -> str | None:
    """Which of the three a section is, so that an error is about that one only."""
    if isinstance(value, str):
        return TEXT
    if isinstance(value, dict | InFile):
        return FILE
    return EXAMPLES if isinstance(value, list | tuple) else None


Section = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[InFile, Tag(FILE)] | Annotated[tuple[Example, ...], Tag(EXAMPLES)],
    Discriminator(_kind_of_section),
]


class PromptFile(Part):
    """A prompt. `docs/guides/prompts.md` tells every key."""

    name: str = Field(pattern=NAME, description="small letters, digits, dashes, underscores")
    description: str = Field("", description="what this version is, in a sentence")
    model: str = Field("", description="`provider/model`; whoever asks chooses when empty")
    parameters: dict[str, Any] = Field({}, description="of the call, such as `temperature: 0`")
    messages: tuple[Message, ...] = Field(min_length=1, description="the prompt, with `{{variables}}`")
    sections: dict[str, Section] = Field(
        {}, description="by variable: its text, `file: path`, or a list of examples (question and answer, or sql)"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "PromptFile":
        if self.model and not re.fullmatch(r"[^/\s]+/\S+", self.model):
            raise ValueError(f"model is {self.model!r}. Write provider/model, as in openai/gpt-4o-mini")
        known = variables_of(message.content for message in self.messages)
        if unused := sorted(set(self.sections) - set(known)):
            raise ValueError(
                f"sections define {', '.join(unused)}, which no message uses ({', '.join(known) or 'they use none'}): "
                f"write {{{{{unused[0]}}}}} into a message, or remove the section"
            )
        return self


def read_prompt(path: Path) -> PromptText:
    """The prompt in the file at *path*. Raises ConfigurationError naming file, key and fix."""
    data = read_mapping(_text(path, "prompt file"), str(path), f"a prompt: {', '.join(PromptFile.model_fields)}")
    try:
        file = PromptFile.model_validate(data)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(each) for each in own_errors(error))
        raise ConfigurationError(f"{path}: {'; '.join(problems)}.") from error
    return PromptText(
        name=file.name,
        messages=tuple(message.model_dump() for message in file.messages),
        sections={name: _section(value, path, name) for name, value in file.sections.items()},
        model=file.model,
        parameters=file.parameters,
        description=file.description,
    )


def prompt_paths(places: Iterable[Path]) -> list[Path]:
    """The prompt files at *places*: files, and what lies directly in folders. Raises ConfigurationError for neither."""
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            found += sorted(path for path in place.iterdir() if path.suffix in SUFFIXES)
        elif place.is_file():
            found.append(place)
        else:
            raise ConfigurationError(f"there is no prompt file or folder {str(place)!r}. Give one that exists.")
    return found


def _section(value: str | InFile | tuple[Example, ...], path: Path, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, InFile):
        return _text(path.parent / value.file, f"{path}: sections.{name}: file").rstrip("\n")
    label = "SQL" if value and value[0].sql is not None else "Answer"
    if any((example.sql is not None) != (label == "SQL") for example in value):
        raise ConfigurationError(f"{path}: sections.{name}: some examples have sql and others answer. Use one of them.")
    return written([ShownExample(each.question, each.sql or each.answer or "") for each in value], label)


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{what} {str(path)!r} cannot be read: {error}. Correct the path or the file."
        ) from error


def _problem(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as `key: what is wrong`."""
    path = [str(part) for part in error["loc"] if part not in (TEXT, FILE, EXAMPLES)]
    words = plainly(error) or str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        words = "is no key there. Correct or remove it"
    elif error["type"] == "union_tag_not_found":
        words = f'is none of text, `file: path` and a list of examples. Write "{as_written(error["input"])}" for a text'
    elif error["type"] == "string_pattern_mismatch":
        words = f"is {error['input']!r}. Use {PromptFile.model_fields['name'].description}"
    elif words.startswith("Input should"):
        words = f"is {error['input']!r}. {words}"
    return f"{'.'.join(path)}: {words}" if path else words
