"""POST, and what the answer means for whoever sent it."""

import datetime as dt
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from tasks.shared.errors import ConfigurationError, ServiceBusy, ServiceRefused, ServiceUnavailable

WORDS_AT_MOST = 200
# Whether the request of this thread is one whose address is a secret.
telling: ContextVar[bool] = ContextVar("telling", default=False)
WORTH_ANOTHER_TRY = frozenset({408, 425, 429})


def _not_telling(_record: logging.LogRecord) -> bool:
    """Keep httpx from logging the whole address at level INFO."""
    return not telling.get()


logging.getLogger("httpx").addFilter(_not_telling)


@dataclass(frozen=True)
class Answer:
    """A successful answer."""

    status: int
    content: bytes


def post(
    service: str,
    url: str,
    *,
    content: bytes | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = 20.0,
) -> Answer:
    """POST *content* (or the *form*) to *url*, once. Redirects are not followed: they would carry secrets elsewhere.

    Raises:
        ServiceBusy: 429, 503 or the like; it knows when to come back where the service says so.
        ServiceUnavailable: No answer in time, no connection, or another 5xx.
        ServiceRefused: Any other answer that is no success.
        ConfigurationError: *url* is none.
    """
    where, quietly = f"{service} ({host_of(url)})", telling.set(True)
    try:
        answer = httpx.post(
            url,
            content=content,
            data=form,
            headers=headers,
            timeout=timeout_seconds,
            verify=not url.lower().startswith("http://"),
        )
    except httpx.TimeoutException as error:
        raise ServiceUnavailable(f"{where} did not answer within {timeout_seconds:g} s.") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        # What is raised would name the address.
        raise ConfigurationError(f"the address of {service} is no URL. Write https://host/path.") from None
    except httpx.HTTPError as error:
        raise ServiceUnavailable(f"{where} cannot be reached: {type(error).__name__} {error}.") from error
    finally:
        telling.reset(quietly)
    if answer.is_success:
        return Answer(answer.status_code, answer.content)
    raise _failure(where, answer)


def host_of(url: str) -> str:
    """The host of *url*, which is all of a webhook's address that may be said."""
    try:
        return httpx.URL(url).host or "no host"
    except httpx.InvalidURL:
        return "no host"


def retry_after_seconds(answer: httpx.Response, now: dt.datetime | None = None) -> float | None:
    """What the answer's Retry-After header asks for, in seconds or as a date; None without one."""
    text = answer.headers.get("retry-after", "")
    if text.isdigit():
        return float(text)
    return seconds_until_date(text, now or dt.datetime.now(dt.UTC))


def seconds_until_date(text: str, now: dt.datetime) -> float | None:
    """Seconds from *now* to an HTTP date, never negative; None where *text* is none."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": UTC, of which nobody says whose clock it is
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - now).total_seconds())


def _failure(where: str, answer: httpx.Response) -> ServiceUnavailable | ServiceRefused:
    words = f"{where} answered {answer.status_code} {' '.join(answer.text.split())[:WORDS_AT_MOST]}".strip() + "."
    if answer.status_code in WORTH_ANOTHER_TRY or answer.is_server_error:
        return ServiceBusy(words, retry_after_seconds(answer))
    if answer.is_redirect:
        return ServiceRefused(f"{words} It redirects, which is not followed. Give the final address.")
    return ServiceRefused(words)
