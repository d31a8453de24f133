"""From spans to trajectories: which spans, what they say, and none twice. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from tasks.shared.gateways.knowledge import Trajectory
from tasks.shared.gateways.phoenix import ListedSpan
from tasks.shared.records import RawSpan
from tasks.shared.values import Malformed, Object, first, integer, obj
from tasks.sync.conversation.forms import richest

# Names of counts, and where the dialects keep them below `gen_ai.usage` and `llm.token_count`.
USAGE = {
    "prompt_tokens": (("input_tokens", "prompt_tokens"), "prompt"),
    "completion_tokens": (("output_tokens", "completion_tokens"), "completion"),
    "total_tokens": (("total_tokens",), "total"),
}


@dataclass
class Harvest:
    """What became of some spans.

    `skipped` counts those that carry nothing new, by reason; `errors` says by span id why one could not be read.
    """

    trajectories: list[Trajectory] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        """Count a span that is passed over."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1


def wanted(
    listed: Iterable[ListedSpan], names: Collection[str], seen: Collection[str], harvest: Harvest, *, errors: bool
) -> list[str]:
    """Ids of the spans worth fetching, trace by trace, each in the order of time.

    They have a name among *names* (any when empty) and are not *seen*; failed ones only with *errors*.
    """
    found: list[ListedSpan] = []
    for span in listed:
        if names and span.name not in names:
            harvest.skip("other_name")
        elif span.status_code == "ERROR" and not errors:
            harvest.skip("failed_span")
        elif span.span_id in seen:
            harvest.skip("stored_already")
        else:
            found.append(span)
    return [span.span_id for span in sorted(found, key=lambda it: (it.trace_id, it.start_time, it.span_id))]


def reap(spans: Sequence[RawSpan], project: str, known: set[tuple[str, str]], harvest: Harvest) -> None:
    """Add the trajectories of *spans*, parents before children; *known* are trace id and digest of what there is.

    A child span that carries its parent's conversation once more adds nothing. One span that cannot be read is
    recorded, and the others go on.
    """
    for span in parents_first(spans):
        try:
            trajectory = trajectory_of(span, project)
            copy = (trajectory.trace_id, trajectory.digest) if trajectory else None
        except (Malformed, ValueError, TypeError, KeyError, RecursionError) as error:
            harvest.errors[span["span_id"]] = " ".join(f"{type(error).__name__}: {error}".split())
            continue
        if trajectory is None or copy is None:
            harvest.skip("no_prompts")
        elif copy in known:
            harvest.skip("same_conversation")
        else:
            known.add(copy)
            harvest.trajectories.append(trajectory)


def trajectory_of(span: RawSpan, project: str) -> Trajectory | None:
    """What a span tells; None when it carries no prompts. Raises Malformed for token counts that are none."""
    attributes = span["attributes"]
    told = richest(attributes, bare=span["kind"] == "LLM")
    if told is None:
        return None
    return Trajectory(
        trace_id=span["trace_id"],
        span_id=span["span_id"],
        project=project,
        model=model_of(attributes),
        timestamp=span["start_time"],
        message_count=len(told.messages),
        usage=usage_of(attributes),
        messages=told.messages,
        counts=told.counts,
    )


def model_of(attributes: Object) -> str:
    """The model that answered, or else the one that was asked; empty when nobody says."""
    gen_ai, llm = obj(attributes.get("gen_ai")), obj(attributes.get("llm"))
    named = (obj(gen_ai.get("response")).get("model"), obj(gen_ai.get("request")).get("model"), llm.get("model_name"))
    return first(*named) or ""


def usage_of(attributes: Object) -> dict[str, int]:
    """Token counts by name, those that are told. Raises Malformed for one that is no whole number."""
    usage = obj(obj(attributes.get("gen_ai")).get("usage"))
    counted = obj(obj(attributes.get("llm")).get("token_count"))
    found = {}
    for name, (keys, short) in USAGE.items():
        told = [*(usage.get(key) for key in keys), counted.get(short)]
        number = next((integer(value, name) for value in told if value is not None), None)
        if number is not None:
            found[name] = number
    return found


def parents_first(spans: Iterable[RawSpan]) -> list[RawSpan]:
    """*spans* by time, but for a parent that is among them, which comes before its children."""
    by_id = {span["span_id"]: span for span in sorted(spans, key=lambda span: (span["start_time"], span["span_id"]))}
    ordered: dict[str, RawSpan] = {}
    for span in by_id.values():
        line = [span]
        while (parent := by_id.get(line[-1]["parent_id"] or "")) is not None and parent not in line:
            line.append(parent)
        for each in reversed(line):
            ordered.setdefault(each["span_id"], each)
    return list(ordered.values())
