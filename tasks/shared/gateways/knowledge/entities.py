"""What a knowledge store keeps: trajectories, guidelines, and the lessons that changed guidelines."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, get_args

import orjson

Category = Literal["strategy", "recovery", "optimization"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
Operation = Literal["add", "update", "delete", "none"]


@dataclass(frozen=True)
class Trajectory:
    """What one span tells of an agent's work: a conversation in OpenAI's form, with the model and what it used.

    `timestamp` is the span's start, ISO 8601 in UTC. `counts` says what was left out or replaced on the way.
    """

    trace_id: str
    span_id: str
    project: str
    model: str
    timestamp: str
    message_count: int
    usage: Mapping[str, int]
    messages: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """16 hex digits over the messages: parent and child spans that carry the same conversation have the same."""
        said = orjson.dumps(list(self.messages), option=orjson.OPT_SORT_KEYS, default=str)
        return hashlib.sha256(said).hexdigest()[:16]

    @classmethod
    def from_json(cls, known: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**{**known, "messages": tuple(known["messages"])})


@dataclass(frozen=True)
class Guideline:
    """A piece of advice for an agent.

    `trigger` says when it applies; `task` what the agent was doing where it was learned. `evidence` are the ids of the
    spans that taught or confirmed it, the first one first.
    """

    guideline_id: str
    content: str
    category: Category
    rationale: str
    trigger: str
    task: str
    source_trace_id: str
    source_span_id: str
    evidence: tuple[str, ...]

    @classmethod
    def from_json(cls, known: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**{**known, "evidence": tuple(known["evidence"])})


@dataclass(frozen=True)
class Change:
    """What a lesson does to a guideline.

    `guideline` is what stands after it; for delete, what stood before. `none` leaves the words as they are and adds
    the lesson's span to the evidence.
    """

    operation: Operation
    guideline: Guideline
    why: str = ""


@dataclass(frozen=True)
class Lesson:
    """What was learned from one trajectory, applied whole or not at all. `warning` says why there is nothing."""

    span_id: str
    at: str
    tips: int
    changes: tuple[Change, ...] = ()
    warning: str = ""

    @classmethod
    def from_json(cls, known: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        changes = (Change(c["operation"], Guideline.from_json(c["guideline"]), c["why"]) for c in known["changes"])
        return cls(**{**known, "changes": tuple(changes)})


def as_json(entity: Trajectory | Guideline | Lesson) -> dict[str, Any]:
    """The entity as a JSON object."""
    return asdict(entity)


def guideline_id(span_id: str, number: int) -> str:
    """16 hex digits: the guideline that the *number*th tip of a span becomes, whenever it is learned."""
    return hashlib.sha256(f"{span_id}|{number}".encode()).hexdigest()[:16]
