"""A proxy before a real Phoenix that fails as planned, and remembers what it was asked."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deployments.local.processes import free_port

HOP_BY_HOP = {"content-length", "transfer-encoding", "connection", "content-encoding"}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a request: a status, a hang, or a body cut in the middle."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    hang_seconds: float = 0.0
    cut: bool = False
    body: bytes | None = None


@dataclass
class Asked:
    """A request that reached the proxy."""

    method: str
    path: str
    began: float
    ended: float = 0.0


class FaultyPhoenix:
    """Forwards to *upstream*. `plan(method, path, n)` gives the fault of the n-th request to that path, or None."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.plan: Callable[[str, str, int], Fault | None] = lambda _method, _path, _n: None
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._now = 0
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])
        self._server = uvicorn.Server(
            uvicorn.Config(app, port=port, log_level="critical", timeout_graceful_shutdown=0, ws="none")
        )

    async def __aenter__(self) -> Self:
        """Return when the proxy listens."""
        self._client = httpx.AsyncClient(base_url=self.upstream, timeout=60)
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.should_exit = True
        await self._task
        await self._client.aclose()

    def count(self, path: str) -> int:
        """How often a path that ends so was asked for."""
        return sum(asked.path.endswith(path) for asked in self.asked)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        asked = Asked(request.method, path, time.monotonic())
        self.asked.append(asked)
        fault = self.plan(request.method, path, sum(a.path == path for a in self.asked))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            return await self._forward(request, fault)
        finally:
            self._now -= 1
            asked.ended = time.monotonic()

    async def _forward(self, request: Request, fault: Fault | None) -> Response:
        if fault and fault.hang_seconds:
            await asyncio.sleep(fault.hang_seconds)
        if fault and fault.status:
            return Response(fault.body or b"planned fault", fault.status, fault.headers)
        headers = {k: v for k, v in request.headers.items() if k not in {"host", "content-length"}}
        answer = await self._client.request(
            request.method,
            request.url.path,
            params=request.query_params.multi_items(),
            content=await request.body(),
            headers=headers,
        )
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
        if fault and fault.cut:
            kept["content-length"] = str(len(answer.content))
            return StreamingResponse(_first_half(answer.content), answer.status_code, kept)
        return Response(answer.content, answer.status_code, kept)


async def _first_half(content: bytes) -> AsyncIterator[bytes]:
    yield content[: len(content) // 2]
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0.01)
