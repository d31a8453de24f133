"""Flat OpenInference attributes for the simulated steps."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deployments.simulator.prices import Usage

TEXT = "text/plain"
JSON = "application/json"
Message = Mapping[str, Any]


def io(given: str, answered: str, *, input_mime: str = TEXT, output_mime: str = TEXT) -> dict[str, str]:
    """Input and output of a step with their declared types."""
    return {
        "input.value": given,
        "input.mime_type": input_mime,
        "output.value": answered,
        "output.mime_type": output_mime,
    }


def messages(prefix: str, listed: Sequence[Message]) -> dict[str, str]:
    """`[{"role", "content", "tool_calls"?: [{"id", "name", "arguments"}]}]` flattened below *prefix*."""
    flat: dict[str, str] = {}
    for i, message in enumerate(listed):
        here = f"{prefix}.{i}.message"
        flat[f"{here}.role"] = message["role"]
        if message.get("content"):
            flat[f"{here}.content"] = message["content"]
        for j, call in enumerate(message.get("tool_calls", ())):
            flat[f"{here}.tool_calls.{j}.tool_call.id"] = call["id"]
            flat[f"{here}.tool_calls.{j}.tool_call.function.name"] = call["name"]
            flat[f"{here}.tool_calls.{j}.tool_call.function.arguments"] = call["arguments"]
    return flat


def tools(offered: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The tools offered to a model, each as OpenAI describes a function."""
    return {f"llm.tools.{i}.tool.json_schema": json.dumps(tool) for i, tool in enumerate(offered)}


def documents(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Retrieved documents `{"id", "content", "score"}`."""
    return {
        f"retrieval.documents.{i}.document.{key}": value
        for i, document in enumerate(found)
        for key, value in document.items()
    }


def llm_call(
    usage: Usage,
    asked: Sequence[Message],
    answered: Message,
    *,
    output: str,
    output_mime: str = TEXT,
    temperature: float = 0.0,
) -> dict[str, Any]:
    """Attributes of one LLM step."""
    anthropic = (usage.model or "").startswith("anthropic.")
    return {
        "llm.model_name": usage.model,
        "llm.provider": "aws" if anthropic else "openai",
        "llm.system": "anthropic" if anthropic else "openai",
        "llm.invocation_parameters": json.dumps({"temperature": temperature, "max_tokens": 1024}),
        **io(asked[-1]["content"], output, output_mime=output_mime),
        **messages("llm.input_messages", asked),
        **messages("llm.output_messages", [answered]),
        **usage.attributes,
    }


def prompt(template: str, version: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Attributes of the prompt that an LLM step was rendered from."""
    return {
        "llm.prompt_template.template": template,
        "llm.prompt_template.version": version,
        "llm.prompt_template.variables": json.dumps(variables),
    }
