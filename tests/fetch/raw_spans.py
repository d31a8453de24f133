"""Raw spans for tests, written flat as applications send them and nested as Phoenix stores them."""

import datetime as dt
import secrets
from typing import Any

from tasks.fetch.normalise import Normalised, normalise
from tasks.shared.prices import PriceTable
from tasks.shared.records import RawSpan, Window

WINDOW = Window.of_day(dt.date(2026, 11, 19))
PRICES = PriceTable.shipped()


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """`{"llm.input_messages.0.message.role": "user"}` as Phoenix nests it; numbered keys become lists."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        place = tree
        *way, last = path.split(".")
        for part in way:
            place = place.setdefault(part, {})
        place[last] = value
    return listed(tree)


def listed(node: Any) -> Any:
    """Objects whose keys are all positions, as lists."""
    if not isinstance(node, dict):
        return node
    made = {key: listed(value) for key, value in node.items()}
    if made and all(key.isdigit() for key in made):
        return [made[key] for key in sorted(made, key=int)]
    return made


def raw_span(flat: dict[str, Any] | None = None, /, **changes: Any) -> RawSpan:
    """A well-formed span of 90 ms in WINDOW. *flat* are its attributes; `attributes=` are taken as stored."""
    made: dict[str, Any] = {
        "span_id": secrets.token_hex(8),
        "trace_id": secrets.token_hex(16),
        "parent_id": None,
        "name": "step",
        "kind": "UNKNOWN",
        "status_code": "OK",
        "status_message": "",
        "start_time": "2026-11-19T05:00:00.010000+00:00",
        "end_time": "2026-11-19T05:00:00.100000+00:00",
        "attributes": nested(flat or {}),
        "events": None,
    }
    return RawSpan(**{**made, **changes})


def normal(*spans: RawSpan) -> Normalised:
    """The spans normalised at the shipped prices."""
    return normalise(spans, WINDOW, PRICES)


def row_of(flat: dict[str, Any] | None = None, /, **changes: Any) -> dict[str, Any]:
    """The row of one span that must not end in quarantine."""
    done = normal(raw_span(flat, **changes))
    assert done.quarantined.to_pylist() == []
    return done.rows.to_pylist()[0]
