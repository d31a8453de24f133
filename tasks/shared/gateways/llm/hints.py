"""When a provider that turned a call away wants to see it again; each says so in its own way."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson

from tasks.shared.gateways.http import seconds_until_date

RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
# AWS's names for one call too many; some of them come with status 400.
THROTTLED = ("Throttl", "TooManyRequests", "ServiceQuotaExceeded")


def seconds_until(headers: Mapping[str, str], content: bytes, now: dt.datetime) -> float | None:
    """Seconds from *now*, never negative; None where nothing is said, or nothing that can be read.

    OpenAI and Azure say it in milliseconds beside Retry-After, AWS in milliseconds in a header of its own, Google in
    the details of its error. Retry-After has seconds or a date.
    """
    for header, per_second in (("retry-after-ms", 1000), ("retry-after", 1), ("x-amz-retry-after", 1000)):
        with suppress(KeyError, ValueError):
            return max(0.0, float(headers[header]) / per_second)
    until = seconds_until_date(headers.get("retry-after", ""), now)
    return next(_delays(content), None) if until is None else until


def is_throttled(headers: Mapping[str, str]) -> bool:
    """Whether AWS says by name that it was one call too many."""
    return headers.get("x-amzn-errortype", "").startswith(THROTTLED)


def _delays(content: bytes) -> Iterator[float]:
    """What the RetryInfo in the details of a Google error says, as `{"retryDelay": "7.5s"}`."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return
    error = _of(body[0] if isinstance(body, list) and body else body, "error")
    details = _of(error, "details")
    for detail in details if isinstance(details, list) else ():
        if _of(detail, "@type") == RETRY_INFO:
            with suppress(ValueError):
                yield max(0.0, float(str(_of(detail, "retryDelay")).removesuffix("s")))


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
