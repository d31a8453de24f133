"""An HTTP endpoint that answers: POST with the example's input as JSON."""

import asyncio
from collections.abc import Mapping
from typing import Self

import httpx
import orjson

from tasks.shared.errors import ConfigurationError, ServiceBusy, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.applications.said import WORDS_AT_MOST, Said, in_short, said_in
from tasks.shared.gateways.http import retry_after_seconds

TOO_MANY = frozenset({429, 503})
WORTH_ANOTHER_TRY = frozenset({408, 409, 425})


class Endpoint:
    """One address. Use it as an asynchronous context manager."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout_seconds: float, in_flight: int) -> None:
        self.url, self.timeout_seconds = url, timeout_seconds
        # The timeout of the client is one of silence; the whole answer has the same time.
        self._client = httpx.AsyncClient(
            headers={"accept": "application/json, text/plain", **headers},
            timeout=timeout_seconds,
            limits=httpx.Limits(max_connections=in_flight),
            verify=not url.lower().startswith("http://"),
        )

    async def __aenter__(self) -> Self:
        """Nothing is sent before the first question."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, question: dict[str, object]) -> Said:
        """One try."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                answer = await self._client.post(
                    self.url, content=orjson.dumps(question), headers={"content-type": "application/json"}
                )
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ServiceUnavailable(f"no answer within {self.timeout_seconds:g} s.") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise ConfigurationError(f"target {self.url!r} is no URL: {error}. Write http://host:port/path.") from error
        except httpx.HTTPError as error:
            raise ServiceUnavailable(in_short(error)) from error
        if answer.is_success:
            return said_in(answer.text)
        raise _failure(answer)


def _failure(answer: httpx.Response) -> ServiceUnavailable | ServiceRefused:
    words = f"it answered {answer.status_code} {' '.join(answer.text.split())[:WORDS_AT_MOST]}".strip() + "."
    if answer.status_code in TOO_MANY:
        return ServiceBusy(words, retry_after_seconds(answer))
    if answer.is_server_error or answer.status_code in WORTH_ANOTHER_TRY:
        return ServiceUnavailable(words)
    return ServiceRefused(words)
