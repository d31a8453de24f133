"""OpenAI: `POST /v1/chat/completions`, also at Azure's addresses and in Azure's words."""

import hashlib
from collections.abc import Mapping
from typing import Any

from deployments.simulator.interfaces.exchange import (
    CREATED,
    Asked,
    Refusal,
    Reply,
    Said,
    TooLong,
    retry_headers,
    text_in,
)

KINDS = {
    "rate_limited": ("requests", "rate_limit_exceeded"),
    "server_error": ("server_error", None),
    "bad_request": ("invalid_request_error", None),
    "unauthorized": ("invalid_request_error", "invalid_api_key"),
    "forbidden": ("invalid_request_error", "unsupported_country_region_territory"),
    "not_found": ("invalid_request_error", "model_not_found"),
    "too_long": ("invalid_request_error", "context_length_exceeded"),
}


class OpenAIChat:
    """Chat completions."""

    name = "openai"

    def asked(self, body: Mapping[str, Any], model: str | None) -> Asked:
        """The question of a chat request."""
        if not body.get("messages") or not (model or body.get("model")) or body.get("stream"):
            raise Refusal("bad_request", 400, "The simulated provider needs model and messages; no stream.")
        schema, tool = wanted(body)
        return Asked(
            model=model or body["model"],
            prompt="\n".join(text_in(message.get("content")) for message in body["messages"]),
            schema=schema,
            tool=tool,
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
            temperature=body.get("temperature") or 0.0,
            seed=body.get("seed"),
        )

    def answered(self, said: Said) -> dict[str, Any]:
        """A chat completion."""
        finish = "stop"
        message: dict[str, Any] = {"role": "assistant", "content": said.text, "refusal": None}
        if said.asked.tool:
            call_id = f"call_{hashlib.blake2b(said.asked.prompt.encode(), digest_size=8).hexdigest()}"
            function = {"name": said.asked.tool, "arguments": said.text or ""}
            calls = [{"id": call_id, "type": "function", "function": function}]
            finish, message = "tool_calls", {"role": "assistant", "content": None, "tool_calls": calls}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "length" if said.cut else finish}
        usage = said.usage
        return {
            "id": f"chatcmpl-simulated-{said.number}",
            "object": "chat.completion",
            "created": CREATED,
            "model": said.asked.model,
            "choices": [choice],
            "usage": {
                "prompt_tokens": usage.prompt,
                "completion_tokens": usage.completion,
                "total_tokens": usage.prompt + usage.completion,
                "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
                "completion_tokens_details": {
                    "reasoning_tokens": usage.reasoning,
                    "audio_tokens": 0,
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                },
            },
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        }

    def refused(self, refusal: Refusal) -> Reply:
        """An error as OpenAI words it."""
        kind, code = KINDS[refusal.kind]
        message = refusal.message
        if isinstance(refusal, TooLong):
            message = (
                f"This model's maximum context length is {refusal.limit} tokens. However, your messages resulted in "
                f"{refusal.tokens} tokens. Please reduce the length of the messages. (simulated)"
            )
        error = {"message": message, "type": kind, "param": None, "code": code}
        return Reply({"error": error}, retry_headers(refusal.retry_after_s))


class AzureChat(OpenAIChat):
    """The same at a deployment: Azure's errors have a status for a code."""

    name = "azure"

    def refused(self, refusal: Refusal) -> Reply:
        """An error as Azure words it."""
        if refusal.kind in ("bad_request", "too_long"):
            return super().refused(refusal)
        error = {"code": str(refusal.status), "message": refusal.message}
        return Reply({"error": error}, retry_headers(refusal.retry_after_s))


def wanted(body: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str | None]:
    """Schema of the answer, and the function to call with it."""
    if body.get("tools") and body.get("tool_choice") != "none":
        functions: list[Mapping[str, Any]] = [tool["function"] for tool in body["tools"]]
        choice = body.get("tool_choice")
        name = choice["function"]["name"] if isinstance(choice, Mapping) else functions[0]["name"]
        chosen = next((function for function in functions if function["name"] == name), None)
        if chosen is None:
            raise Refusal("bad_request", 400, f"tool_choice names {name!r}, which is not among the tools.")
        return chosen.get("parameters", {}), name
    form = body.get("response_format") or {"type": "text"}
    if form["type"] == "json_schema":
        described = form["json_schema"]
        if described.get("strict"):
            check_strict(described["schema"], described.get("name"))
        return described["schema"], None
    return ({} if form["type"] == "json_object" else None), None


def check_strict(schema: Mapping[str, Any], name: str | None) -> None:
    """Refuse what OpenAI's strict structured outputs do not take.

    Raises:
        Refusal: For `oneOf`, and for an object that allows further properties or does not require all of its own.
    """
    wrong = None
    properties = schema.get("properties", {})
    if "oneOf" in schema:
        wrong = "'oneOf' is not permitted"
    elif properties and schema.get("additionalProperties") is not False:
        wrong = "'additionalProperties' is required to be supplied and to be false"
    elif missing := set(properties) - set(schema.get("required", ())):
        wrong = f"'required' must include every key in properties. Missing '{min(missing)}'"
    if wrong:
        raise Refusal("bad_request", 400, f"Invalid schema for response_format '{name}': {wrong}.")
    for part in properties.values():
        check_strict(part, name)
