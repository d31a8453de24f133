"""What an application or a person says of where a run failed: in attributes or metadata of its root, or annotated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.failures.runs import Row
from tasks.failures.taxonomy import NONE, Taxonomy
from tasks.shared.records import Window
from tasks.shared.store.lake import Lake

FIRST, LAST = "first_failure_state", "last_success_state"
# Of several people the last word; on the trace or on one of its spans. What models and code annotate is no truth.
QUERY = f"""
SELECT coalesce(spans.trace_id, unit_id) AS trace_id, annotations.name AS name, arg_max(label, updated_at) AS label
FROM annotations LEFT JOIN spans ON unit = 'span' AND span_id = unit_id
WHERE annotations.name IN ('{FIRST}', '{LAST}') AND annotator_kind = 'HUMAN' AND label IS NOT NULL
GROUP BY ALL
"""


@dataclass(frozen=True)
class Label:
    """The truth about one run; `last_success` is empty where only the failure is told."""

    state: str
    last_success: str = ""


def annotated(lake: Lake, project: str, window: Window) -> dict[str, dict[str, str]]:
    """By trace, what people annotated as `first_failure_state` and `last_success_state`."""
    found: dict[str, dict[str, str]] = {}
    for row in lake.sql(QUERY, project, window.around(6)).to_pylist():
        found.setdefault(row["trace_id"], {})[row["name"]] = row["label"]
    return found


def label_of(root: Row, annotations: Mapping[str, str], taxonomy: Taxonomy) -> tuple[Label | None, str]:
    """The label on a run, and the word that is none of the states where it has such a one.

    Annotations come first: people write them later. A word without a meaning is no label: it is counted and told.
    """
    said = {**_texts(root["metadata"]), **_texts(root["attributes"]), **annotations}
    state = word(said.get(FIRST))
    if state is None:
        return None, ""
    if state not in taxonomy.places and state != NONE:
        return None, state
    last = word(said.get(LAST)) or ""
    return Label(state, last if last in taxonomy.places or last == NONE else ""), ""


def word(value: Any) -> str | None:
    """The state as written; what says that nothing failed is `none`, and no text is no label."""
    if not isinstance(value, str) or not value.strip():
        return None
    said = value.strip()
    return NONE if said.lower() in (NONE, "null", "no failure") else said


def _texts(content: str | None) -> dict[str, Any]:
    if not content or FIRST not in content:
        return {}
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
