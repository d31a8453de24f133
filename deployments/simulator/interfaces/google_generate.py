"""Google: `POST /v1beta/models/{model}:generateContent`."""

from collections.abc import Mapping
from typing import Any

from deployments.simulator.interfaces.exchange import Asked, Refusal, Reply, Said, TooLong, text_in

STATUSES = {
    "rate_limited": "RESOURCE_EXHAUSTED",
    "server_error": "INTERNAL",
    "bad_request": "INVALID_ARGUMENT",
    "unauthorized": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "not_found": "NOT_FOUND",
    "too_long": "INVALID_ARGUMENT",
}


class GoogleGenerate:
    """generateContent."""

    name = "google"

    def asked(self, body: Mapping[str, Any], model: str | None) -> Asked:
        """The question of a request."""
        if not body.get("contents") or not model:
            raise Refusal("bad_request", 400, "The simulated provider needs contents and a model in the path.")
        system = body.get("systemInstruction") or {}
        texts = [text_in(each.get("parts")) for each in (system, *body["contents"])]
        schema, tool = wanted(body)
        config = body.get("generationConfig") or {}
        return Asked(
            model=model,
            prompt="\n".join(text for text in texts if text),
            schema=schema,
            tool=tool,
            max_tokens=config.get("maxOutputTokens"),
            temperature=config.get("temperature") or 0.0,
            seed=config.get("seed"),
        )

    def answered(self, said: Said) -> dict[str, Any]:
        """A response with one candidate."""
        usage = said.usage
        counts = {
            "promptTokenCount": usage.prompt,
            "candidatesTokenCount": usage.completion - usage.reasoning,
            "totalTokenCount": usage.prompt + usage.completion,
        }
        if usage.cache_read:
            counts["cachedContentTokenCount"] = usage.cache_read
        if usage.reasoning:
            counts["thoughtsTokenCount"] = usage.reasoning
        candidate = {"finishReason": "MAX_TOKENS" if said.cut else "STOP", "index": 0, "content": content(said)}
        return {
            "candidates": [candidate],
            "usageMetadata": counts,
            "modelVersion": said.asked.model,
            "responseId": f"simulated-{said.number}",
        }

    def refused(self, refusal: Refusal) -> Reply:
        """An error as Google words it: when to come back stands in the details, not in a header."""
        status = "UNAVAILABLE" if refusal.status == 503 else STATUSES[refusal.kind]
        message = refusal.message
        if isinstance(refusal, TooLong):
            message = (
                f"The input token count ({refusal.tokens}) exceeds the maximum number of tokens allowed "
                f"({refusal.limit})."
            )
        error: dict[str, Any] = {"code": refusal.status, "message": message, "status": status}
        if refusal.retry_after_s is not None:
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            error["details"] = [{"@type": kind, "retryDelay": f"{refusal.retry_after_s:g}s"}]
        return Reply({"error": error}, {})


def wanted(body: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str | None]:
    """Schema of the answer, and the function to call with it."""
    declared = [each for tool in body.get("tools") or () for each in tool.get("functionDeclarations") or ()]
    if declared:
        calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        allowed = calling.get("allowedFunctionNames") or [declared[0]["name"]]
        chosen = next((each for each in declared if each["name"] == allowed[0]), declared[0])
        # The SDK writes this one in snake case when the tool was given as a dict; Google takes both.
        schema = chosen.get("parametersJsonSchema") or chosen.get("parameters_json_schema")
        return schema or plain(chosen.get("parameters") or {}), chosen["name"]
    config = body.get("generationConfig") or {}
    if schema := config.get("responseJsonSchema") or config.get("responseSchema"):
        return plain(schema), None
    return ({} if config.get("responseMimeType") == "application/json" else None), None


def plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Google's own schema as JSON schema: it writes its types in capitals."""
    made: dict[str, Any] = {
        key: value.lower() if key == "type" and isinstance(value, str) else value for key, value in schema.items()
    }
    if "properties" in made:
        made["properties"] = {name: plain(part) for name, part in made["properties"].items()}
    if "items" in made:
        made["items"] = plain(made["items"])
    return made


def content(said: Said) -> dict[str, Any]:
    """The parts; a function's arguments are an object, so what is none stands as text."""
    if said.text is None:
        return {"role": "model"}
    if said.asked.tool and said.arguments is not None and not said.cut:
        part: dict[str, Any] = {"functionCall": {"name": said.asked.tool, "args": said.arguments}}
    else:
        part = {"text": said.text}
    return {"role": "model", "parts": [part]}
