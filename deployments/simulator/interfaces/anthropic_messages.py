"""Anthropic: `POST /v1/messages`, and the same body at Bedrock: `POST /model/{id}/invoke`."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from deployments.simulator.interfaces.exchange import Asked, Refusal, Reply, Said, TooLong, retry_headers, text_in

KINDS = {
    "rate_limited": "rate_limit_error",
    "server_error": "api_error",
    "bad_request": "invalid_request_error",
    "unauthorized": "authentication_error",
    "forbidden": "permission_error",
    "not_found": "not_found_error",
    "too_long": "invalid_request_error",
}
BEDROCK_EXCEPTIONS = {
    "rate_limited": "ThrottlingException",
    "server_error": "InternalServerException",
    "bad_request": "ValidationException",
    "unauthorized": "UnrecognizedClientException",
    "forbidden": "AccessDeniedException",
    "not_found": "ResourceNotFoundException",
    "too_long": "ValidationException",
}


class AnthropicMessages:
    """Messages."""

    name = "anthropic"

    def asked(self, body: Mapping[str, Any], model: str | None) -> Asked:
        """The question of a message request."""
        if not body.get("messages") or not (model or body.get("model")) or body.get("stream"):
            raise Refusal("bad_request", 400, "The simulated provider needs model and messages; no stream.")
        if not body.get("max_tokens"):
            raise Refusal("bad_request", 400, "max_tokens: Field required")
        schema, tool = wanted(body)
        texts = [text_in(body.get("system")), *(text_in(message.get("content")) for message in body["messages"])]
        return Asked(
            model=model or body["model"],
            prompt="\n".join(text for text in texts if text),
            schema=schema,
            tool=tool,
            max_tokens=body["max_tokens"],
            temperature=body.get("temperature") or 0.0,
        )

    def answered(self, said: Said) -> dict[str, Any]:
        """A message."""
        usage = said.usage
        stop = "max_tokens" if said.cut else "tool_use" if said.asked.tool else "end_turn"
        return {
            "id": f"msg_simulated_{said.number}",
            "type": "message",
            "role": "assistant",
            "model": said.asked.model,
            "content": content(said),
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {
                "input_tokens": usage.prompt - usage.cache_read - usage.cache_write,
                "cache_creation_input_tokens": usage.cache_write,
                "cache_read_input_tokens": usage.cache_read,
                "output_tokens": usage.completion,
                "service_tier": "standard",
            },
        }

    def refused(self, refusal: Refusal) -> Reply:
        """An error as Anthropic words it."""
        kind = "overloaded_error" if refusal.status == 529 else KINDS[refusal.kind]
        message = refusal.message
        if isinstance(refusal, TooLong):
            message = f"prompt is too long: {refusal.tokens} tokens > {refusal.limit} maximum"
        headers = retry_headers(refusal.retry_after_s)
        headers.pop("retry-after-ms", None)
        error = {"type": kind, "message": message}
        return Reply({"type": "error", "error": error, "request_id": "req_simulated"}, headers)


class BedrockInvoke(AnthropicMessages):
    """The same body under a model's path; AWS's errors, with the header from which its clients read when to return."""

    name = "bedrock"

    def asked(self, body: Mapping[str, Any], model: str | None) -> Asked:
        """The question of an invocation."""
        if not body.get("anthropic_version"):
            raise Refusal("bad_request", 400, "#: required key [anthropic_version] not found")
        return super().asked(body, model)

    def refused(self, refusal: Refusal) -> Reply:
        """An error as AWS words it."""
        message = "Input is too long for requested model." if isinstance(refusal, TooLong) else refusal.message
        headers = {"x-amzn-ErrorType": BEDROCK_EXCEPTIONS[refusal.kind]}
        if refusal.retry_after_s is not None:
            headers["x-amz-retry-after"] = str(math.ceil(refusal.retry_after_s * 1000))
        return Reply({"message": message}, headers)


def wanted(body: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str | None]:
    """Schema of the answer, and the tool to use with it; text unless a tool is offered or a format asked for."""
    choice = body.get("tool_choice") or {"type": "auto"}
    if body.get("tools") and choice["type"] != "none":
        name = choice.get("name") or body["tools"][0]["name"]
        chosen = next((tool for tool in body["tools"] if tool["name"] == name), None)
        if chosen is None:
            raise Refusal("bad_request", 400, f"Tool '{name}' not found in provided tools")
        return chosen["input_schema"], name
    form = (body.get("output_config") or {}).get("format") or {}
    return form.get("schema"), None


def content(said: Said) -> list[dict[str, Any]]:
    """The content blocks: a tool's input is an object, so what is none stands as text, and cut input is empty."""
    if said.text is None:
        return []
    if said.asked.tool and (said.cut or said.arguments is not None):
        digest = hashlib.blake2b(said.asked.prompt.encode(), digest_size=8).hexdigest()
        given = {} if said.cut else said.arguments
        return [{"type": "tool_use", "id": f"toolu_{digest}", "name": said.asked.tool, "input": given}]
    return [{"type": "text", "text": said.text}]
