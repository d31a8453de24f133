"""What a step shows of its failure. Hard signs say so; soft ones are faults that later steps may have made good."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tasks.failures.runs import Row, Step
from tasks.shared.step_signs.error_text import says_error
from tasks.shared.step_signs.messages import tool_calls
from tasks.shared.step_signs.tool_arguments import problem_of

SignKind = Literal["status", "exception", "output", "arguments", "retrieval", "missing", "stopped"]
HARD = frozenset({"status", "exception", "output"})
LONGEST = 300


@dataclass(frozen=True)
class Sign:
    """One of them, on a span of a state; a state that has no span at all has the sign `missing` on none."""

    kind: SignKind
    state: str
    span_id: str | None
    reason: str

    @property
    def hard(self) -> bool:
        """Whether the step itself says that it failed."""
        return self.kind in HARD


def signs_of(step: Step) -> list[Sign]:
    """Every sign of a step that is in a state, hard ones first; the first hard one only."""
    if step.state is None:
        return []
    found = [Sign(kind, step.state, step.span_id, reason[:LONGEST]) for kind, reason in _signs(step.row)]
    hard = [sign for sign in found if sign.hard][:1]
    return hard + [sign for sign in found if not sign.hard]


def said_by_error(row: Row) -> str:
    """What a span with status ERROR or an exception tells of it."""
    named = ": ".join(part for part in (row["exception_type"], row["exception_message"]) if part)
    return " ".join((named or row["status_message"] or "without a message").split())


def _signs(row: Row) -> Iterator[tuple[SignKind, str]]:
    if row["status_code"] == "ERROR":
        yield "status", f"status ERROR: {said_by_error(row)}"
    elif row["exception_type"] or row["exception_event"]:
        yield "exception", f"exception with status {row['status_code']}: {said_by_error(row)}"
    if says_error(row["output_head"]):
        yield "output", f"output says {' '.join(row['output_head'].split())!r}"
    for problem in _argument_problems(row):
        yield "arguments", problem
    if row["empty_retrieval"]:
        yield "retrieval", "nothing was retrieved"


def _argument_problems(row: Row) -> Iterator[str]:
    calls = tool_calls(row["calling_messages"])
    if row["kind"] == "TOOL" and row["tool_arguments"] is not None:
        calls.append({"name": row["tool_name"], "arguments": row["tool_arguments"]})
    for call in calls:
        if problem := problem_of(call, row["tools"]):
            yield f"call of {call['name']}: {problem}"
