"""What every interface translates into and out of: a question asked, an answer said, a refusal."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import orjson
from aiohttp import web

from deployments.simulator.prices import Usage

CREATED = 1_767_225_600
Kind = Literal["rate_limited", "server_error", "bad_request", "unauthorized", "forbidden", "not_found", "too_long"]
KIND_OF_STATUS: dict[int, Kind] = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found"}


@dataclass(frozen=True)
class Asked:
    """A question to a model.

    Attributes:
        model: Name of the model.
        prompt: All text of the request, messages joined by newlines.
        schema: JSON schema that the answer must fit; None for text, `{}` for any JSON.
        tool: Name of the function to call; None when the answer is content.
        max_tokens: Longest answer wanted; None for any length.
        temperature: As asked for; 0 where the request says nothing, so that answers do not vary by accident.
        seed: As asked for; above temperature 0 it decides which of the possible answers it is.
    """

    model: str
    prompt: str
    schema: Mapping[str, Any] | None = None
    tool: str | None = None
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int | None = None


@dataclass(frozen=True)
class Said:
    """An answer.

    Attributes:
        asked: The question.
        text: Text, or JSON as text; None for no content at all.
        cut: Whether the text breaks off because it would be too long.
        usage: Tokens as billed.
        number: Of the request, or name of the batch's item; part of every id.
    """

    asked: Asked
    text: str | None
    cut: bool
    usage: Usage
    number: int | str

    @property
    def arguments(self) -> dict[str, Any] | None:
        """The text as arguments of a function; None when it is no JSON object."""
        try:
            value = orjson.loads(self.text or "")
        except orjson.JSONDecodeError:
            return None
        return value if isinstance(value, dict) else None


class Refusal(Exception):
    """The provider does not answer, and says why."""

    def __init__(self, kind: Kind, status: int, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind, self.status, self.message, self.retry_after_s = kind, status, message, retry_after_s


class TooLong(Refusal):
    """A prompt of more tokens than the model takes."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__("too_long", 400, f"The prompt has {tokens} tokens, the simulated model takes {limit}.")
        self.tokens, self.limit = tokens, limit


class Reply(NamedTuple):
    """Body and headers of an error."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Interface(Protocol):
    """One provider's wire format."""

    name: str

    def asked(self, body: Mapping[str, Any], model: str | None) -> Asked:
        """The question that *body* asks, of the *model* named in the path if any.

        Raises:
            Refusal: If the request makes no sense.
        """

    def answered(self, said: Said) -> dict[str, Any]:
        """The body that says it."""

    def refused(self, refusal: Refusal) -> Reply:
        """The error as this provider words it."""


def respond(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """*body* as a JSON response."""
    return web.Response(body=orjson.dumps(body), status=status, headers=headers, content_type="application/json")


def text_in(content: object) -> str:
    """The text of a message's content, which is text or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part.get("text") or "" for part in parts if isinstance(part, dict))


def retry_headers(seconds: float | None) -> dict[str, str]:
    """When to come back: seconds, fractions as well so that tests are quick, and milliseconds as OpenAI adds them."""
    if seconds is None:
        return {}
    return {"retry-after": f"{seconds:.3f}".rstrip("0").rstrip("."), "retry-after-ms": str(math.ceil(seconds * 1000))}


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that *request* carries.

    Raises:
        Refusal: If it carries none.
    """
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise Refusal("bad_request", 400, f"We could not parse the JSON body of your request: {error}.") from error
    if not isinstance(body, dict):
        raise Refusal("bad_request", 400, "The body of a request is a JSON object.")
    return body
