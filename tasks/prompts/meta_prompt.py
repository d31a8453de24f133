"""The question for better prompts: the parts of a prompt, where it failed, and the form of the answer. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from tasks.prompts.failures import Failure
from tasks.prompts.prompt_file import read_prompt
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import PromptText
from tasks.shared.gateways.phoenix.prompt_versions import VARIABLE, Message

VARIABLES = {"placeholders", "parts", "fixed", "failures", "count"}
TEMPLATE = "template_"


def meta_prompt(path: str) -> PromptText:
    """The prompt that asks for prompts: the file at *path*, or the shipped one.

    Raises:
        ConfigurationError: The file is wrong, or lacks what it has to show.
    """
    if not path:
        with as_file(files("tasks.prompts").joinpath("improve.yaml")) as shipped:
            return read_prompt(shipped)
    found = read_prompt(Path(path).expanduser())
    if lacking := sorted({"parts", "failures", "count"} - set(found.wanted)):
        raise ConfigurationError(
            f"{path} does not use {', '.join(lacking)}. Write {{{{{lacking[0]}}}}} where it belongs."
        )
    if unknown := sorted(set(found.wanted) - VARIABLES):
        raise ConfigurationError(f"{path} uses {', '.join(unknown)}; there is {', '.join(sorted(VARIABLES))}.")
    return found


def parts_of(prompt: PromptText, kept: Sequence[str] = ()) -> dict[str, str]:
    """What a candidate may change, by name: sections but the *kept* ones, and messages that say more than variables.

    The messages are called template_1, template_2 ... by their place.
    """
    sections = {name: text for name, text in prompt.sections.items() if name not in kept}
    templates = {
        f"{TEMPLATE}{number}": message["content"]
        for number, message in enumerate(prompt.messages, start=1)
        if VARIABLE.sub("", message["content"]).strip()
    }
    return sections | templates


def with_parts(prompt: PromptText, parts: Mapping[str, str]) -> PromptText:
    """*prompt* with the texts of *parts* in place of its own; an empty text leaves a part as it is."""
    messages = tuple(
        {**message, "content": parts.get(f"{TEMPLATE}{number}") or message["content"]}
        for number, message in enumerate(prompt.messages, start=1)
    )
    sections = {name: parts.get(name) or text for name, text in prompt.sections.items()}
    return PromptText(
        name=prompt.name, messages=messages, sections=sections, model=prompt.model, parameters=prompt.parameters
    )


def question(
    meta: PromptText, base: PromptText, kept: Sequence[str], failures: Sequence[Failure], count: int
) -> list[Message]:
    """The messages that ask for *count* improved versions of *base*."""
    parts = parts_of(base, kept)
    fixed = {name: text for name, text in base.sections.items() if name not in parts}
    lines = "\n".join(json.dumps(failure.as_json(), ensure_ascii=False) for failure in failures)
    return meta.render(
        {
            "placeholders": ", ".join(f"{{{{{name}}}}}" for name in base.variables),
            "parts": _tagged(parts),
            "fixed": _tagged(fixed) or "(none)",
            # No text of a call may end the place where texts of calls are.
            "failures": re.sub(r"<(?=\s*/)", r"<\\", lines),
            "count": str(count),
        }
    )


def answer_form(base: PromptText, kept: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of the answer: what is wrong with the prompt, and the improved ones with every part."""
    names = ["why", *parts_of(base, kept)]
    prompt = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": names,
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"diagnosis": {"type": "string"}, "prompts": {"type": "array", "items": prompt}},
        "required": ["diagnosis", "prompts"],
        "additionalProperties": False,
    }


def _tagged(parts: Mapping[str, str]) -> str:
    return "\n".join(f"<{name}>\n{text}\n</{name}>" for name, text in parts.items())
