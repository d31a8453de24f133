"""How Phoenix says no, and which failures are worth another try."""

import httpx

from tasks.shared.errors import ConfigurationError, ServiceRefused, ServiceUnavailable
from tasks.shared.settings import without_password

TOO_MANY_REQUESTS = 429


class Unreadable(Exception):
    """The body of a successful answer is not what Phoenix sends."""


class Answered(ServiceRefused):
    """Phoenix refused a request; `status` and `words` are its own."""

    def __init__(self, message: str, status: int, words: str) -> None:
        super().__init__(message)
        self.status = status
        self.words = words


class Broken(ServiceUnavailable):
    """Phoenix is reachable, yet fails on this very request every time: one stored value may be the reason."""


def worth_another_try(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status == TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR


def hint_for(status: int) -> str:
    """What to do about a refusal."""
    match status:
        case 401:
            return "Set NIGHTJAR_PHOENIX__API_KEY (or PHOENIX_API_KEY) to a valid system or user key."
        case 403:
            return "The API key may not do this: use a system or member key, a viewer key can only read."
        case 404 | 405:
            return "Check NIGHTJAR_PHOENIX__URL, NIGHTJAR_PROJECT and Phoenix's version."
        case 300 | 301 | 302 | 303 | 307 | 308:
            return "It redirects: set NIGHTJAR_PHOENIX__URL to the final address of Phoenix itself."
    return "Check that the request fits Phoenix's version."


def shown_url(url: str) -> str:
    """*url* as messages show it: without user, password and query. Raises ConfigurationError when it is not a URL."""
    try:
        return without_password(str(httpx.URL(url).copy_with(query=None))).rstrip("/")
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"phoenix.url is not a URL: {error}. Write http://host:port.") from error
