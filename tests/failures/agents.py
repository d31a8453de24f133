"""An agent of four states for tests: runs from a few words."""

import datetime as dt
from typing import Any

from tasks.failures.runs import Run, runs_of
from tasks.failures.taxonomy import Taxonomy

PLAN = Taxonomy("planner", ("Parse", "Plan", "Fetch", "Answer"))
NOON = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
TOOLS = '[{"name": "find", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}}]'
FINE = "Here it is."
SORRY = "Something went wrong. Please try again."
ABSENT = (
    *("status_message", "exception_type", "exception_message", "tool_name", "tool_arguments"),
    *("calling_messages", "tools", "request", "metadata", "attributes"),
)
ROW = dict.fromkeys(ABSENT)


def span(place: int, name: str, **values: Any) -> dict[str, Any]:
    """A row as `runs.sql` gives it: span `s<place>` below the root `s1`, fine unless told otherwise."""
    usual = {
        "trace_id": "t",
        "began": NOON,
        "place": place,
        "span_id": f"s{place}",
        "parent_id": "s1" if place > 1 else None,
        "name": name,
        "kind": "LLM",
        "status_code": "OK",
        "start_time": NOON + dt.timedelta(seconds=place),
        "exception_event": False,
        "output_head": "done",
        "empty_retrieval": False,
    }
    return {**ROW, **usual, **values}


def run(*steps: str | dict[str, Any], answer: str | None = FINE, taxonomy: Taxonomy = PLAN, **root: Any) -> Run:
    """One run: each step is the name of a state that did its work, or a row with a name and what is different."""
    rows = [span(1, "agent", kind="AGENT", output_head=answer, **root)]
    for place, step in enumerate(steps, start=2):
        rows.append(span(place, step) if isinstance(step, str) else span(place, **step))
    return next(runs_of(rows, taxonomy))


def error(name: str, message: str = "no answer within 5 s", **values: Any) -> dict[str, Any]:
    """A step that raised."""
    return {"name": name, "status_code": "ERROR", "exception_type": "IOError", "exception_message": message, **values}


def bad_call(name: str) -> dict[str, Any]:
    """A step whose tool call does not fit the tool's schema."""
    calls = (
        '[{"role": "assistant", "content": "", "tool_calls": [{"name": "find", "arguments": "{\\"n\\": \\"?\\"}"}]}]'
    )
    return {"name": name, "calling_messages": calls, "tools": TOOLS}
