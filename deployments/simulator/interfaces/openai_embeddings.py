"""OpenAI: `POST /v1/embeddings`, as floats or, as the SDK asks by default, in base64."""

import base64
import struct
from collections.abc import Mapping
from typing import Any

from deployments.simulator.interfaces.exchange import Asked, Refusal
from deployments.simulator.interfaces.openai_chat import OpenAIChat
from deployments.simulator.prices import Usage
from deployments.simulator.writing.embeddings import DIMENSIONS, embedding


class OpenAIEmbeddings(OpenAIChat):
    """Embeddings; errors are worded as for a chat."""

    def asked(self, body: Mapping[str, Any], model: str | None) -> Asked:  # noqa: ARG002 - as for any interface
        """All texts of the request as one question, for the books."""
        if not body.get("input") or not body.get("model"):
            raise Refusal("bad_request", 400, "The simulated provider needs model and input.")
        return Asked(model=body["model"], prompt="\n".join(texts_of(body)))

    def vectors(self, body: Mapping[str, Any], usage: Usage) -> dict[str, Any]:
        """One vector per text, in order."""
        dimensions = body.get("dimensions") or DIMENSIONS
        found = [embedding(text, dimensions) for text in texts_of(body)]
        in_base64 = body.get("encoding_format") == "base64"
        return {
            "object": "list",
            "model": usage.model,
            "data": [
                {"object": "embedding", "index": i, "embedding": packed(vector) if in_base64 else vector}
                for i, vector in enumerate(found)
            ],
            "usage": {"prompt_tokens": usage.prompt, "total_tokens": usage.prompt},
        }


def texts_of(body: Mapping[str, Any]) -> list[str]:
    """The texts of a request: one or many.

    Raises:
        Refusal: If they are token numbers, which only a real model can read.
    """
    given = body["input"]
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str) and each for each in listed):
        raise Refusal("bad_request", 400, "The simulated provider embeds texts that are not empty.")
    return listed


def packed(vector: list[float]) -> str:
    """A vector as 4-byte floats in base64."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
