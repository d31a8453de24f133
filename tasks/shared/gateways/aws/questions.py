"""What DynamoDB is asked, as the arguments of Scan and Query: only the wanted attributes, only items with a rating.

Attribute names stand behind placeholders, because half of the usual ones (`timestamp`, `text`, `comment`) are reserved
words there.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import FeedbackSettings

Request = dict[str, Any]
DAY = dt.timedelta(days=1)
# Numbers below it are seconds since 1970 (until the year 5138), those from it on are milliseconds (since 1973).
FIRST_MILLISECOND = 10**11


class Names:
    """Placeholders of attribute names."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, path: str) -> str:
        """The expression for *path*, `a.b` being b in the map a."""
        return ".".join(f"#n{self._numbers.setdefault(part, len(self._numbers))}" for part in path.split("."))

    @property
    def placeholders(self) -> dict[str, str]:
        """Placeholder to name."""
        return {f"#n{number}": part for part, number in self._numbers.items()}


def scan(settings: FeedbackSettings, key: Sequence[str], since: dt.datetime | None) -> Request:
    """The Scan for every item with a rating.

    With *since*, those that are certainly older are left out; an item whose time is missing or odd is none of them.
    """
    names, values = Names(), dict[str, Any]()
    found = f"attribute_exists({names.of(settings.rating_attribute)})"
    if since:
        found += f" AND {_not_older(names.of(settings.time_attribute), since, values)}"
    return _request(settings, key, names, values) | {"FilterExpression": found}


def queries(
    settings: FeedbackSettings, key: Sequence[str], index: Mapping[str, str], since: dt.datetime | None
) -> Iterator[Request]:
    """A Query for each rating (and form of time) on `settings.index`.

    Args:
        settings: What the attributes are called and which ratings there are.
        key: Attributes that tell items apart.
        index: The index's own key in its order: attribute to type (S, N).
        since: Nothing that is certainly older is asked for.

    Raises:
        ConfigurationError: the index's partition key is not the rating.
    """
    partition, *sort = index
    if partition != settings.rating_attribute:
        raise ConfigurationError(
            f"feedback.index {settings.index!r} has the partition key {partition!r}, not the rating "
            f"{settings.rating_attribute!r}. Name an index by the rating, or none to scan the table."
        )
    by_time = sort == [settings.time_attribute]
    for word in (*settings.positive, *settings.negative):
        rating = _as(index[partition], word)
        for within in _ranges(index[settings.time_attribute], since) if by_time and since else [None]:
            names, values = Names(), {":rating": rating}
            request = {"IndexName": settings.index, "KeyConditionExpression": f"{names.of(partition)} = :rating"}
            if within:
                condition, bounds = within
                request["KeyConditionExpression"] += f" AND {names.of(settings.time_attribute)} {condition}"
                values |= bounds
            elif since:
                request["FilterExpression"] = _not_older(names.of(settings.time_attribute), since, values)
            if rating is not None:
                yield _request(settings, key, names, values) | request


def attributes(settings: FeedbackSettings, key: Sequence[str]) -> list[str]:
    """The wanted attributes, none of them inside another one (DynamoDB refuses such)."""
    wanted = {
        *key,
        settings.rating_attribute,
        settings.trace_attribute,
        settings.session_attribute,
        settings.text_attribute,
        settings.comment_attribute,
        settings.time_attribute,
    } - {""}
    return sorted(path for path in wanted if not any(path.startswith(f"{other}.") for other in wanted))


def _request(settings: FeedbackSettings, key: Sequence[str], names: Names, values: Mapping[str, Any]) -> Request:
    projected = ", ".join(names.of(path) for path in attributes(settings, key))
    request: Request = {
        "TableName": settings.table,
        "ProjectionExpression": projected,
        "ExpressionAttributeNames": names.placeholders,
        "Limit": settings.page_items,
    }
    return request | ({"ExpressionAttributeValues": dict(values)} if values else {})


def _not_older(time: str, since: dt.datetime, values: dict[str, Any]) -> str:
    """A condition that keeps all but what is older in one of the forms of time; texts may be of any time zone."""
    seconds = int(since.timestamp())
    values |= {
        ":text": "S",
        ":text0": "1970",
        ":text1": (since - DAY).date().isoformat(),
        ":number": "N",
        ":second0": Decimal(0),
        ":second1": Decimal(seconds - 1),
        ":millisecond0": Decimal(FIRST_MILLISECOND),
        ":millisecond1": Decimal(seconds * 1000 - 1),
    }
    old = f"{time} BETWEEN :second0 AND :second1 OR {time} BETWEEN :millisecond0 AND :millisecond1"
    text = f"attribute_type({time}, :text) AND {time} BETWEEN :text0 AND :text1"
    return f"NOT (({text}) OR (attribute_type({time}, :number) AND ({old})))"


def _ranges(kind: str, since: dt.datetime) -> list[tuple[str, dict[str, Any]]]:
    """Conditions on a sort key of *kind* with their values; a number may be seconds or milliseconds."""
    if kind == "S":
        return [(">= :since", {":since": (since - DAY).date().isoformat()})]
    seconds = int(since.timestamp())
    return [
        ("BETWEEN :since AND :until", {":since": Decimal(seconds), ":until": Decimal(FIRST_MILLISECOND - 1)}),
        (">= :since", {":since": Decimal(seconds * 1000)}),
    ]


def _as(kind: str, word: str) -> str | Decimal | None:
    """*word* as a key of *kind*; None where it cannot be one."""
    if kind == "S":
        return word
    try:
        return Decimal(word) if kind == "N" else None
    except InvalidOperation:
        return None
