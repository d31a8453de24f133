"""From an item of the application's table to a row of FEEDBACK, or to the reason why it cannot be one."""

import datetime as dt
import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from tasks.shared.settings import FeedbackSettings

Row = dict[str, Any]
# A trace id as OpenTelemetry writes it, in a traceparent header, as a UUID, or as AWS X-Ray writes it.
TRACE_ID = re.compile(
    r"(?:00-(?P<parent>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}"
    r"|1-(?P<epoch>[0-9a-f]{8})-(?P<random>[0-9a-f]{24})"
    r"|(?P<plain>[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}))"
)
# Up to which number a time is seconds, milliseconds or microseconds since 1970; beyond, it is nanoseconds.
UNITS = ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (math.inf, 1e9))
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
TOMORROW = dt.timedelta(days=1)
SHOWN_CHARACTERS = 80


@dataclass
class Reading:
    """Rows that were made of items, how many items were odd by reason, and an example of each reason.

    `rated` are the ids of all items with a rating, odd ones too: nobody has taken these back.
    """

    rows: list[Row] = field(default_factory=list)
    rated: set[str] = field(default_factory=set)
    odd: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, reason: str, example: str) -> None:
        """Count something odd."""
        self.odd[reason] += 1
        self.examples.setdefault(reason, example)

    def notes(self, mask: Callable[[str], str]) -> tuple[str, ...]:
        """What is odd, for people, *mask* over the examples. A missing rating is not: it has just not been rated."""
        return tuple(
            f"{count} items: {reason.replace('_', ' ')}, for example {mask(self.examples[reason])[:SHOWN_CHARACTERS]}"
            for reason, count in sorted(self.odd.items())
            if reason != "without_rating"
        )


def read(
    items: Iterable[Mapping[str, Any]], key: Sequence[str], settings: FeedbackSettings, now: dt.datetime
) -> Reading:
    """The rows of *items*; every other item is counted with its reason.

    Args:
        items: As DynamoDB has them, numbers being Decimals.
        key: The attributes that tell items apart.
        settings: Names of attributes and words of ratings.
        now: What `read_at` becomes; times beyond the day after are odd.
    """
    found = Reading()
    words = {word.casefold(): "positive" for word in settings.positive}
    words |= {word.casefold(): "negative" for word in settings.negative}
    for item in items:
        of = {name: at(item, name) for name in key}
        shown = ", ".join(f"{name}={text(value)}" for name, value in of.items())
        rating, given = text(at(item, settings.rating_attribute)), at(item, settings.time_attribute)
        time = moment(given)
        if rating is not None and None not in of.values():
            found.rated.add(feedback_id(settings.table, of))
        if rating is None:
            found.note("without_rating", shown)
        elif rating.strip().casefold() not in words:
            found.note("of_unknown_rating", f"{rating!r} of {shown}")
        elif None in of.values():
            found.note("without_key", shown)
        elif text(given) is None:
            found.note("without_time", shown)
        elif time is None or not EARLIEST <= time < now + TOMORROW:
            found.note("of_odd_time", f"{text(given)!r} of {shown}")
        else:
            row = _row(item, settings) | {"start_time": time, "rating": words[rating.strip().casefold()]}
            found.rows.append(row | {"feedback_id": feedback_id(settings.table, of), "read_at": now})
            if row["recorded_trace_id"] is None and (recorded := text(at(item, settings.trace_attribute))):
                found.note("of_odd_trace_id", f"{recorded!r} of {shown}")
    return found


def _row(item: Mapping[str, Any], settings: FeedbackSettings) -> Row:
    return {
        "session_id": text(at(item, settings.session_attribute)),
        "recorded_trace_id": trace_id(text(at(item, settings.trace_attribute))),
        "text": text(at(item, settings.text_attribute)),
        "comment": text(at(item, settings.comment_attribute)),
        "status": "unmatched",
        "matched_by": None,
        "trace_id": None,
        "span_id": None,
    }


def feedback_id(table: str, key: Mapping[str, Any]) -> str:
    """16 hex digits that tell one item from all others."""
    named = [table, *([name, text(value)] for name, value in sorted(key.items()))]
    return hashlib.sha256(orjson.dumps(named)).hexdigest()[:16]


def at(item: Mapping[str, Any], path: str) -> Any:
    """What lies at *path* (`a.b` being b in the map a); None where nothing does, or *path* is empty."""
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def text(value: Any) -> str | None:
    """*value* as text; None when it is missing or empty."""
    match value:
        case None | "" | b"":
            return None
        case str():
            return value
        case bool():
            return str(value).lower()
        case Decimal():
            digits = format(value, "f")
            return digits.rstrip("0").rstrip(".") if "." in digits else digits
        case bytes():
            return value.hex()
        case set() | frozenset():
            return text(sorted(filter(None, map(text, value))))
    return orjson.dumps(value, default=text, option=orjson.OPT_SORT_KEYS).decode()


def trace_id(recorded: str | None) -> str | None:
    """The 32 hex digits of a recorded trace id; None when it is none."""
    match = TRACE_ID.fullmatch((recorded or "").strip().lower())
    if match is None:
        return None
    parts = match.groupdict()
    digits = parts["parent"] or (parts["plain"] or f"{parts['epoch']}{parts['random']}").replace("-", "")
    return digits if digits.strip("0") else None


def moment(value: Any) -> dt.datetime | None:
    """The time that *value* says: ISO 8601 (UTC without an offset), or a number since 1970; None when it says none."""
    if isinstance(value, bool) or not isinstance(value, str | Decimal | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    try:
        if not math.isnan(number):
            unit = next(unit for below, unit in UNITS if number < below)
            return dt.datetime.fromtimestamp(number / unit, dt.UTC)
        said = dt.datetime.fromisoformat(str(value).strip())
        return said.replace(tzinfo=dt.UTC) if said.tzinfo is None else said.astimezone(dt.UTC)
    except (ValueError, OverflowError, OSError, StopIteration):
        return None
