"""What a simulated user thinks of an answer: mostly nothing said, else a thumb and sometimes a comment."""

from typing import Literal

from pydantic import BaseModel

from deployments.simulator.faults import chance
from deployments.simulator.spans import SimulatedTrace

Case = Literal["right", "wrong", "failed", "refused"]
ASKED = ("chat_query", "recipe_agent")  # roots that a person sees the answer of
SHARE_TELLING: dict[Case, float] = {"right": 0.35, "wrong": 0.5, "failed": 0.45, "refused": 0.3}
SHARE_NEGATIVE: dict[Case, float] = {"right": 0.06, "wrong": 0.75, "failed": 0.95, "refused": 0.6}
POSITIVE = (
    "",
    "",
    "Exactly what I needed.",
    "Spot on, thanks.",
    "Matches our own count.",
    "Great. Please send it to anna.keller@example.com too, or call me: +49 30 901820.",
)
NEGATIVE: dict[Case, tuple[str, ...]] = {
    "right": ("", "I expected a chart.", "Too slow."),
    "wrong": ("These numbers cannot be right.", "That is not what I asked.", "It looks at the wrong devices.", ""),
    "failed": ("I only got an error.", "No answer, again.", ""),
    "refused": ("Why can't it answer that?", ""),
}


class Opinion(BaseModel):
    """A thumb and what was written beside it."""

    label: Literal["positive", "negative"]
    comment: str = ""


def opinion_of(trace: SimulatedTrace) -> Opinion | None:
    """What the user said of the trace's answer; None for nothing. Depends on the root's id and on what is true."""
    root = trace.spans[0]
    case = case_of(trace)
    if root.name not in ASKED or chance("tells", root.span_id) >= SHARE_TELLING[case]:
        return None
    negative = chance("thinks", root.span_id) < SHARE_NEGATIVE[case]
    comments = NEGATIVE[case] if negative else POSITIVE
    comment = comments[int(chance("says", root.span_id) * len(comments))]
    return Opinion(label="negative" if negative else "positive", comment=comment)


def case_of(trace: SimulatedTrace) -> Case:
    """What became of the question."""
    facts = trace.facts
    if facts.failed_at:
        return "failed"
    if facts.refused_by:
        return "refused"
    return "wrong" if facts.hallucinated or facts.invalid_tool_calls else "right"
