"""Prompt versions as Phoenix writes them. Pure.

What Phoenix has no room for (values of sections, the provider's name in our settings, parameters it does not know)
lies in the version's own metadata under `nightjar`, so that a version is complete. A version that somebody saved in
Phoenix's pages may carry that metadata on with another model: then Phoenix's own fields count.
"""

import datetime as dt
import string
from collections.abc import Mapping
from typing import Any

from tasks.shared.gateways.phoenix.connection import Json
from tasks.shared.gateways.phoenix.prompt_versions import VARIABLE, HubPrompt, Message, PromptText

OWN = "nightjar"
PROVIDERS = {
    "openai": "OPENAI",
    "azure": "AZURE_OPENAI",
    "anthropic": "ANTHROPIC",
    "google": "GOOGLE",
    "bedrock": "AWS",
}
KINDS = {phoenix: kind for kind, phoenix in PROVIDERS.items()}
OPENAI_PARAMETERS = frozenset(
    (
        *("temperature", "max_tokens", "max_completion_tokens", "frequency_penalty", "presence_penalty"),
        *("top_p", "seed", "stop", "reasoning_effort"),
    )
)
AWS_PARAMETERS = frozenset(("temperature", "max_tokens", "top_p", "stop_sequences"))
GOOGLE_PARAMETERS = frozenset(
    ("temperature", "max_output_tokens", "stop_sequences", "presence_penalty", "frequency_penalty", "top_p", "top_k")
)
PARAMETERS = {"ANTHROPIC": AWS_PARAMETERS, "AWS": AWS_PARAMETERS, "GOOGLE": GOOGLE_PARAMETERS}
ANTHROPIC_MAX_TOKENS = 1024
ROLES = {"ai": "assistant", "model": "assistant", "developer": "system"}
RENDERED_ROLES = ("system", "user", "assistant")


def version_body(prompt: PromptText, kind: str, pushed_at: dt.datetime) -> Json:
    """*prompt* as Phoenix takes a version; *kind* is its provider's (openai, azure, anthropic, bedrock, google)."""
    provider = PROVIDERS.get(kind, "OPENAI")
    known = PARAMETERS.get(provider, OPENAI_PARAMETERS)
    parameters = {name: value for name, value in prompt.parameters.items() if name in known}
    if provider == "ANTHROPIC":
        parameters.setdefault("max_tokens", ANTHROPIC_MAX_TOKENS)
    own = {
        "name": prompt.name,
        "sections": dict(prompt.sections),
        "model": prompt.model,
        "parameters": dict(prompt.parameters),
        "provider": provider,
        "model_name": model_name(prompt.model),
        "invocation_parameters": parameters,
        "digest": prompt.digest,
        "pushed_at": pushed_at.isoformat(timespec="seconds"),
    }
    return {
        "description": prompt.description,
        "metadata": {OWN: own},
        "model_provider": provider,
        "model_name": model_name(prompt.model),
        "template": {"type": "chat", "messages": list(prompt.messages)},
        "template_type": "CHAT",
        "template_format": "MUSTACHE",
        "invocation_parameters": {"type": provider.lower(), provider.lower(): parameters},
    }


def version_of(name: str, body: Json, fetched_at: dt.datetime, *, stale: bool = False) -> HubPrompt:
    """The version of prompt *name* that Phoenix (or its copy on disk) says *body* is."""
    messages, trouble = _messages(body)
    model, parameters = _model(body)
    return HubPrompt(
        name=name,
        messages=messages,
        sections={key: str(value) for key, value in (_own(body).get("sections") or {}).items()},
        model=model,
        parameters=parameters,
        description=body.get("description") or "",
        version_id=body["id"],
        fetched_at=fetched_at,
        stale=stale,
        trouble=trouble or _beyond(body),
    )


def owner_of(body: Json) -> str | None:
    """The prompt that version *body* was pushed as; None for one that was made elsewhere."""
    name = _own(body).get("name")
    return name if isinstance(name, str) else None


def model_name(model: str) -> str:
    """The model in `provider/model`."""
    return model.partition("/")[2] or model


def _own(body: Json) -> Mapping[str, Any]:
    own = (body.get("metadata") or {}).get(OWN)
    return own if isinstance(own, Mapping) else {}


def _model(body: Json) -> tuple[str, Json]:
    """Model and parameters: our own words for them while they still say what Phoenix's fields say."""
    own, provider = _own(body), body["model_provider"]
    asked = body.get("invocation_parameters") or {}
    parameters: Json = asked.get(asked.get("type", ""), {})
    model = body["model_name"] and f"{KINDS.get(provider, provider.lower())}/{body['model_name']}"
    if (own.get("provider"), own.get("model_name")) == (provider, body["model_name"]):
        model = own.get("model", model)
        if own.get("invocation_parameters") == parameters:
            parameters = own.get("parameters", parameters)
    return model, dict(parameters)


def _beyond(body: Json) -> str:
    """What of the version Nightjar would have to leave out."""
    left_out = [name for name in ("tools", "response_format") if body.get(name)]
    return f"it has {' and '.join(left_out)}, which Nightjar does not send" if left_out else ""


def _messages(body: Json) -> tuple[tuple[Message, ...], str]:
    """The messages with Mustache variables, and why they cannot be rendered, if so."""
    template = body["template"]
    listed = template["messages"] if template["type"] == "chat" else [{"role": "user", "content": template["template"]}]
    messages, trouble = [], ""
    for message in listed:
        role = ROLES.get(message["role"], message["role"])
        parts = message["content"]
        if isinstance(parts, str):
            parts = [{"type": "text", "text": parts}]
        if role not in RENDERED_ROLES or any(part["type"] != "text" for part in parts):
            trouble = f"a message of role {message['role']} is not plain text of system, user or assistant"
        text = "".join(part["text"] for part in parts if part["type"] == "text")
        if body["template_format"] == "F_STRING":
            text, mistake = from_f_string(text)
            trouble = trouble or mistake
        elif body["template_format"] == "NONE" and "{{" in text:
            trouble = trouble or "its template has no variables (format NONE), and yet has {{"
        messages.append({"role": role, "content": text})
    return tuple(messages), trouble


def from_f_string(text: str) -> tuple[str, str]:
    """The f-string template *text* as Mustache, and why it is none, if so."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        return text, f"its template is no f-string ({error})"
    plain = all(
        not form and not conversion and (name is None or name.isidentifier()) for _, name, form, conversion in parts
    )
    written = "".join(literal + ("" if name is None else f"{{{{{name}}}}}") for literal, name, _, _ in parts)
    if not plain or VARIABLE.findall(written) != [name for _, name, _, _ in parts if name is not None]:
        return text, "its f-string template has more than plain variables"
    return written, ""
