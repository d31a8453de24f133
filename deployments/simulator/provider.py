"""A simulated model provider: OpenAI's HTTP interface, with set latency and faults, and a judge of known quality.

It loads the truth file itself; the pipeline that calls it never sees one.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployments.simulator.faults import Fault, Faults
from deployments.simulator.judge import SimulatedJudge, answer_to
from deployments.simulator.prices import PRICES
from deployments.simulator.rhythm import tokens_of
from deployments.simulator.truth import Truth

CREATED = 1_767_225_600
MALFORMED = "```json\n{explanation: the simulated provider cut this off"


class SimulatedProvider:
    """State of one simulated provider: its faults, its judge, and what it has served."""

    def __init__(self, faults: Faults | None = None, truth: Truth | None = None) -> None:
        self.faults = faults or Faults()
        self.judge = SimulatedJudge(truth.answers if truth else ())
        self.requests = 0
        self.served: Counter[str] = Counter()

    def app(self) -> Starlette:
        """The HTTP application."""
        return Starlette(
            routes=[
                Route("/v1/models", self.models),
                Route("/v1/chat/completions", self.chat_completions, methods=["POST"]),
                Route("/simulated/faults", self.show_faults),
                Route("/simulated/faults", self.set_faults, methods=["POST"]),
            ]
        )

    async def models(self, _request: Request) -> Response:
        """`GET /v1/models`."""
        listed = [{"id": name, "object": "model", "created": CREATED, "owned_by": "simulator"} for name in PRICES]
        return JSONResponse({"object": "list", "data": listed})

    async def show_faults(self, _request: Request) -> Response:
        """`GET /simulated/faults`: the settings, and how many requests were served how."""
        return JSONResponse({"faults": self.faults.model_dump(), "requests": self.requests, "served": self.served})

    async def set_faults(self, request: Request) -> Response:
        """`POST /simulated/faults`: change the settings given, keep the others, and count anew."""
        try:
            self.faults = Faults.model_validate(self.faults.model_dump() | await request.json())
        except ValidationError as error:
            return failure(400, "invalid_request_error", str(error))
        self.requests, self.served = 0, Counter()
        return await self.show_faults(request)

    async def chat_completions(self, request: Request) -> Response:
        """`POST /v1/chat/completions`."""
        body = await request.json()
        self.requests += 1
        fault = self.faults.draw(self.requests)
        if not body.get("messages") or not body.get("model") or body.get("stream"):
            return failure(400, "invalid_request_error", "The simulated provider needs model and messages; no stream.")
        self.served[fault or "ok"] += 1
        return await self.answered(body, fault)

    async def answered(self, body: Mapping[str, Any], fault: Fault | None) -> Response:
        """The answer to a chat request, after the time it takes, or the fault."""
        if fault == "rate_limited":
            retry_after = f"{self.faults.retry_after_seconds:g}"
            return failure(429, "rate_limit_error", "Simulated rate limit.", {"retry-after": retry_after})
        if fault == "server_error":
            return failure(500, "server_error", "Simulated server error.")
        await asyncio.sleep(self.faults.hang_seconds if fault == "hang" else self.faults.latency_ms / 1000)
        message = answer_to(body, self.judge, self.faults)
        if fault == "malformed":
            message = {"role": "assistant", "content": MALFORMED}
        return JSONResponse(completion(body, message, self.requests))


def completion(body: Mapping[str, Any], message: dict[str, Any], number: int) -> dict[str, Any]:
    """A chat completion with its usage."""
    prompt_tokens = tokens_of(json.dumps(body["messages"]))
    completion_tokens = tokens_of(json.dumps(message))
    return {
        "id": f"chatcmpl-simulated-{number}",
        "object": "chat.completion",
        "created": CREATED,
        "model": body["model"],
        "choices": [
            {"index": 0, "message": message, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def failure(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": kind, "param": None, "code": kind}}
    return JSONResponse(body, status_code=status, headers=headers)


def serve(provider: SimulatedProvider, host: str, port: int) -> None:
    """Serve until stopped by a signal."""
    import uvicorn

    uvicorn.run(provider.app(), host=host, port=port, log_level="warning", timeout_graceful_shutdown=1)
