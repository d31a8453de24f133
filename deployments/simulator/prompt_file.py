"""A prompt as a file, as far as the simulated chat needs it: messages with `{{variables}}`, sections that fill them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).with_name("prompts")


@dataclass(frozen=True)
class PromptFile:
    """Messages of role and content, and the values of the variables that belong to the prompt itself."""

    messages: tuple[Mapping[str, str], ...]
    sections: Mapping[str, str]

    @property
    def template(self) -> str:
        """All messages as one text, the variables open."""
        return "\n\n".join(message["content"] for message in self.messages)

    def rendered(self, variables: Mapping[str, str]) -> list[dict[str, str]]:
        """The messages with *variables* filled in, each once."""
        return [{"role": each["role"], "content": filled(each["content"], variables)} for each in self.messages]


def filled(template: str, variables: Mapping[str, str]) -> str:
    """*template* with `{{name}}` replaced; what a value says of braces stays as it is."""
    first, *rest = template.split("{{")
    parts = (part.partition("}}") for part in rest)
    return first + "".join(variables[name] + after for name, _, after in parts)


@cache
def prompt_file(name: str = "sql-writer") -> PromptFile:
    """The prompt in `prompts/<name>.yaml`."""
    read = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return PromptFile(tuple(read["messages"]), read["sections"])
