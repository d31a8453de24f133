"""A variant: a target with everything that decides how it answers, so that the same question is known again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import orjson

from tasks.experiments.targets import Target
from tasks.shared.errors import ConfigurationError
from tasks.shared.few_shot import FewShot
from tasks.shared.gateways.phoenix import HubPrompt

Role = Literal["baseline", "candidate"]
# What providers call the longest answer.
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


@dataclass(frozen=True)
class Variant:
    """What answers. `title` says it in a few words, `specification` whole; `prompt` and what follows are a prompt's.

    `few_shot` chooses the prompt's examples for each question; None where all are shown.
    """

    title: str
    target: Target
    specification: Mapping[str, Any]
    prompt: HubPrompt | None = None
    model: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    max_output_tokens: int = 0
    few_shot: FewShot | None = None

    @cached_property
    def digest(self) -> str:
        """16 hex digits over the specification."""
        return digest(self.specification)


def prompt_variant(
    target: Target, prompt: HubPrompt, default_model: str, max_output_tokens: int, few_shot: FewShot | None = None
) -> Variant:
    """A version of a prompt, asked of the target's model, or the version's, or *default_model*.

    Raises:
        ConfigurationError: Nobody names a model, or the version cannot be rendered.
    """
    model = target.model or prompt.model or default_model
    if not model:
        raise ConfigurationError(
            f"target {target.text!r} names no model, and neither does the prompt's version. Add model=provider/model, "
            "or set the gate's model, or judges.model."
        )
    if prompt.trouble:
        raise ConfigurationError(f"prompt {prompt.name}@{target.version} cannot be asked: {prompt.trouble}.")
    parameters = {**prompt.parameters, **target.parameters}
    limits = [int(parameters.pop(name)) for name in LIMITS if name in parameters]
    longest = limits[-1] if limits else max_output_tokens
    specification: dict[str, Any] = {
        "kind": "prompt",
        "prompt": prompt.name,
        "version_id": prompt.version_id,
        "digest": prompt.digest,
        "model": model,
        "parameters": parameters,
        "max_output_tokens": longest,
    }
    title = f"{target.kind}:{prompt.name}@{target.version} {model}"
    if few_shot is not None:
        specification |= {"kind": target.kind, "few_shot": few_shot.specification}
        title += f" k={few_shot.k}" + (f" pool={target.pool}" if target.pool else "")
    return Variant(title, target, specification, prompt, model, parameters, longest, few_shot)


def application_variant(target: Target, code_version: str) -> Variant:
    """A function, an endpoint or a command; *code_version* tells its versions apart where the target does not."""
    version = target.version or code_version
    specification: dict[str, Any] = {"kind": target.kind, "address": target.address, "version": version}
    if target.parameters:
        specification["parameters"] = dict(target.parameters)
    return Variant(target.text, target, specification)


def digest(value: Any) -> str:
    """16 hex digits over a JSON value, whatever the order of its keys."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
