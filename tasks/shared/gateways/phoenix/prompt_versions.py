"""A prompt and its versions as records, and how a prompt is rendered. Pure.

Rendering is done here, for every message alike: the official client leaves the system messages of Anthropic's prompts
as they are, and renders none for Bedrock.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.shared.errors import ConfigurationError

Message = dict[str, str]
# What Phoenix's own Mustache takes for a variable: one name, blanks around it allowed, no backslash before it.
VARIABLE = re.compile(r"(?<!\\)\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, kw_only=True)
class PromptText:
    """All that decides what a prompt asks, and of whom.

    Attributes:
        name: The prompt's name in the hub.
        messages: Chat messages with the keys role (system, user, assistant) and content, with `{{variables}}`.
        sections: Values of variables that belong to the prompt itself (task, schema, examples).
        model: provider/model; empty where whoever asks is to choose.
        parameters: Parameters of the call, like temperature.
        description: What this version is, for people; no part of the digest.
    """

    name: str
    messages: tuple[Message, ...]
    sections: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""

    @property
    def digest(self) -> str:
        """16 hex digits over messages, sections, model and parameters: versions of one digest are the same prompt."""
        said = [list(self.messages), dict(self.sections), self.model, _plain(dict(self.parameters))]
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of all variables of the messages, in the order in which they first come."""
        return variables_of(message["content"] for message in self.messages)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The variables that no section fills: whoever renders must give them."""
        return tuple(name for name in self.variables if name not in self.sections)

    def render(self, values: Mapping[str, str]) -> list[Message]:
        """The messages with *values* in place; the prompt's own sections win. Nothing in a value is expanded again.

        Raises:
            ConfigurationError: A variable has no value.
        """
        known = {**values, **self.sections}
        if missing := [name for name in self.variables if name not in known]:
            raise ConfigurationError(
                f"prompt {self.name} needs {', '.join(missing)}, and there is {', '.join(sorted(known)) or 'nothing'}. "
                "Give the missing values, or push the prompt with sections of these names."
            )
        return [
            {"role": message["role"], "content": VARIABLE.sub(lambda found: str(known[found[1]]), message["content"])}
            for message in self.messages
        ]


@dataclass(frozen=True, kw_only=True)
class HubPrompt(PromptText):
    """A version of a prompt as Phoenix has it.

    Attributes:
        version_id: Phoenix's id of the version.
        tags: Its tags, where they were asked for.
        fetched_at: When Phoenix said so.
        stale: Whether that is a copy on disk, because Phoenix was away.
        trouble: Why it cannot be rendered; empty for a prompt that can.
    """

    version_id: str
    fetched_at: dt.datetime
    tags: tuple[str, ...] = ()
    stale: bool = False
    trouble: str = ""

    def render(self, values: Mapping[str, str]) -> list[Message]:
        """As for any prompt. Raises ConfigurationError also for what Nightjar cannot render (tools, pictures)."""
        if self.trouble:
            raise ConfigurationError(
                f"version {self.version_id} of prompt {self.name} cannot be rendered: {self.trouble}."
            )
        return super().render(values)

    def age(self, now: dt.datetime) -> dt.timedelta:
        """How long ago Phoenix said so."""
        return now - self.fetched_at


def variables_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of the variables in *texts*, each once, in order."""
    return tuple(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))


def version_with(digest: str, versions: Sequence[HubPrompt]) -> HubPrompt | None:
    """The newest of *versions* (newest first) that says the same as *digest*."""
    return next((version for version in versions if version.digest == digest), None)


def _plain(value: Any) -> Any:
    """*value* with whole floats as integers: Phoenix answers 0.0 for 0."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
