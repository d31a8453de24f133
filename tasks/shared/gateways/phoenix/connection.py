"""One gentle, patient HTTP connection to Phoenix: few requests in flight, pauses, retries, and clear errors.

Answers are asked for uncompressed, because Phoenix compresses on the event loop that also takes in spans; over a slow
network the setting `phoenix.headers` can ask for gzip all the same.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Self, TypeVar

import httpx
import orjson

from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.gateways.http import retry_after_seconds
from tasks.shared.gateways.phoenix.failures import (
    Answered,
    Broken,
    Unreadable,
    hint_for,
    shown_url,
    worth_another_try,
)
from tasks.shared.settings import PhoenixSettings

T = TypeVar("T")
Json = dict[str, Any]
LONGEST_WAIT_SECONDS = 60.0
CONNECT_SECONDS = 5.0


class Connection:
    """Requests to one Phoenix server, never more than `settings.in_flight` of them at once."""

    def __init__(self, settings: PhoenixSettings) -> None:
        self.settings = settings
        self.url = shown_url(settings.url)
        self._slots = asyncio.Semaphore(settings.in_flight)
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        if settings.api_key:
            headers["authorization"] = f"Bearer {settings.api_key.get_secret_value()}"
        self._client = httpx.AsyncClient(
            base_url=settings.url.rstrip("/"),
            headers={"accept-encoding": "identity", **headers},
            timeout=httpx.Timeout(settings.timeout_seconds, connect=min(CONNECT_SECONDS, settings.timeout_seconds)),
            limits=httpx.Limits(max_connections=settings.in_flight),
            # Reading the certificate store takes 30 ms, which plain HTTP need not spend.
            verify=not settings.url.lower().startswith("http://"),
        )

    async def __aenter__(self) -> Self:
        """Nothing is sent before the first call."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the sockets."""
        await self._client.aclose()

    async def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Json:
        """GET *path* and return its JSON object."""
        return await self.call("GET", path, parameters=parameters, read=json_object)

    async def pages(self, path: str, parameters: Mapping[str, Any]) -> AsyncIterator[list[Json]]:
        """GET *path* page by page, following `next_cursor`."""
        cursor: str | None = None
        while True:
            answer = await self.get(path, {**parameters, **({"cursor": cursor} if cursor else {})})
            yield answer["data"]
            if not answer.get("next_cursor") or answer["next_cursor"] == cursor:
                return
            cursor = answer["next_cursor"]

    async def call(
        self,
        method: str,
        path: str,
        *,
        read: Callable[[bytes], T],
        parameters: Mapping[str, Any] | None = None,
        body: Any = None,
        accept: str = "application/json",
        attempts: int | None = None,
        timeout_seconds: float | None = None,
    ) -> T:
        """Send one request and return what *read* makes of its body, trying again where that may help.

        Raises:
            Answered: Phoenix said no (a ServiceRefused that knows the status and Phoenix's words).
            Broken: Phoenix is reachable, yet fails on this very request, every time.
            ServiceUnavailable: Phoenix is away, overloaded or too slow, after all tries.
        """
        request = self._client.build_request(
            method,
            path,
            params=parameters,
            content=None if body is None else orjson.dumps(body),
            headers={"accept": accept, **({} if body is None else {"content-type": "application/json"})},
            timeout=timeout_seconds or self._client.timeout,
        )
        tries = attempts or self.settings.attempts
        for attempt in range(1, tries + 1):
            try:
                answer = await self._send(request)
                if answer.is_success:
                    # In a thread, so that the next request leaves before this answer is read.
                    return await asyncio.to_thread(read, answer.content)
                trouble = f"it answered {answer.status_code} {answer.text[:200].strip()}"
                if not worth_another_try(answer.status_code):
                    raise Answered(self._no(request, answer), answer.status_code, answer.text)
                broken, wait = answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR, retry_after_seconds(answer)
            except httpx.UnsupportedProtocol as error:
                raise ConfigurationError(
                    f"phoenix.url {self.url} is not a URL: {error}. Write http://host:port."
                ) from error
            except (httpx.TransportError, Unreadable) as error:
                trouble, wait = f"{type(error).__name__} {error}".strip(), None
                broken = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | Unreadable)
            if attempt < tries:
                await asyncio.sleep(self._delay(attempt) if wait is None else min(wait, LONGEST_WAIT_SECONDS))
        raise (Broken if broken else ServiceUnavailable)(
            f"Phoenix at {self.url} failed {method} {request.url.path} {tries} times; the last time: {trouble}. "
            "Check that it runs, that NIGHTJAR_PHOENIX__URL is right, and its log; then run again."
        )

    async def _send(self, request: httpx.Request) -> httpx.Response:
        async with self._slots:
            try:
                answer = await self._client.send(request)
                # httpx's answer and its stream hold each other, and with them a body of megabytes, until somebody
                # searches for cycles.
                answer.stream = httpx.ByteStream(b"")
                return answer
            finally:
                await asyncio.sleep(self.settings.pause_seconds)

    def _delay(self, attempt: int) -> float:
        """Exponential backoff with full jitter on its upper half."""
        ceiling = min(self.settings.backoff_seconds * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS)
        return float(ceiling * random.uniform(0.5, 1.0))  # noqa: S311

    def _no(self, request: httpx.Request, answer: httpx.Response) -> str:
        words = answer.text[:300].strip().removesuffix(".")
        return (
            f"Phoenix at {self.url} refused {request.method} {request.url.path}: {answer.status_code} {words}. "
            f"{hint_for(answer.status_code)}"
        )


def json_object(content: bytes) -> Json:
    """The JSON object in *content*. Raises Unreadable for anything else (a proxy's page, a cut answer)."""
    value: Json = _json(content, dict, "object")
    return value


def json_list(content: bytes) -> list[Json]:
    """The JSON list in *content*. Raises Unreadable for anything else."""
    value: list[Json] = _json(content, list, "list")
    return value


def _json(content: bytes, kind: type, called: str) -> Any:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"the answer is not JSON ({error}): {content[:80]!r}") from error
    if not isinstance(value, kind):
        raise Unreadable(f"the answer is not a JSON {called}: {content[:80]!r}")
    return value
