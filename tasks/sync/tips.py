"""The question for tips on one trajectory, and the tips in its answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.shared.gateways.knowledge import CATEGORIES, Category, Guideline, Trajectory, guideline_id
from tasks.shared.questions import normalised
from tasks.sync.question import Question, Unusable, shipped

FEWEST, MOST = 3, 5


@dataclass(frozen=True)
class Tip:
    """A piece of advice, and the *number*th of its trajectory."""

    number: int
    content: str
    category: Category
    rationale: str
    trigger: str

    def guideline(self, trajectory: Trajectory, task: str) -> Guideline:
        """The guideline that it becomes when nothing speaks against it."""
        return Guideline(
            guideline_id=guideline_id(trajectory.span_id, self.number),
            content=self.content,
            category=self.category,
            rationale=self.rationale,
            trigger=self.trigger,
            task=task,
            source_trace_id=trajectory.trace_id,
            source_span_id=trajectory.span_id,
            evidence=(trajectory.span_id,),
        )


def tips_question() -> Question:
    """The question as shipped."""
    return shipped("tips.yaml")


def shown(trajectory: Trajectory, longest: int) -> str:
    """The conversation as JSON lines, at most about *longest* characters; of a longer one the middle is left out."""
    lines = [orjson.dumps(dict(message), default=str).decode() for message in trajectory.messages]
    whole = "\n".join(lines)
    if len(whole) <= longest:
        return whole
    half = longest // 2
    return f"{whole[:half]}\n[{len(whole) - 2 * half:,} characters left out]\n{whole[-half:]}"


def tips_of(answer: Mapping[str, Any]) -> tuple[str, list[Tip]]:
    """The task and the tips of an *answer*; one that says what another says is left out.

    Raises:
        Unusable: There are not three to five, or one lacks its words.
    """
    listed = answer.get("tips")
    if not isinstance(listed, list) or not FEWEST <= len(listed) <= MOST:
        count = len(listed) if isinstance(listed, list) else "no list of"
        raise Unusable(f"{count} tips in place of {FEWEST} to {MOST}")
    tips = {tip.content and normalised(tip.content): tip for tip in map(_tip, range(1, len(listed) + 1), listed)}
    return str(answer.get("task") or "").strip(), list(tips.values())


def _tip(number: int, item: Any) -> Tip:
    if not isinstance(item, Mapping):
        raise Unusable(f"tip {number} is {type(item).__name__}, not an object")
    content, rationale, trigger = (str(item.get(key) or "").strip() for key in ("content", "rationale", "trigger"))
    category = item.get("category")
    if category not in CATEGORIES:
        raise Unusable(f"tip {number} is of category {category!r}, not {', '.join(CATEGORIES)}")
    if not content:
        raise Unusable(f"tip {number} says nothing")
    return Tip(number, content, category, rationale, trigger)
