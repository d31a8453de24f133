"""From spans to trajectories: which spans, what they say, and none twice. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter, itemgetter

from tasks.shared.gateways.knowledge import Trajectory
from tasks.shared.gateways.phoenix import ListedSpan
from tasks.shared.records import RawSpan
from tasks.shared.values import Malformed, Object, first, integer, obj
from tasks.sync.conversation.forms import richest
from tasks.sync.repeats import Steps, repeats, steps

# Names of counts, and where the dialects keep them below `gen_ai.usage` and `llm.token_count`; below `llm.usage`, where
# older instrumentation has them, the names are the same.
USAGE = {
    "prompt_tokens": (("input_tokens", "prompt_tokens"), "prompt"),
    "completion_tokens": (("output_tokens", "completion_tokens"), "completion"),
    "total_tokens": (("total_tokens",), "total"),
}


@dataclass
class Harvest:
    """What became of some spans.

    `skipped` counts those that carry nothing new, by reason; those of them that were fetched to know it are
    `passed_over`. `errors` says by span id why one could not be read.
    """

    trajectories: list[Trajectory] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        """Count a span that is passed over."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def count(self, other: "Harvest") -> None:
        """Add the counts and errors of *other*, without its trajectories."""
        for reason, number in other.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + number
        self.errors.update(other.errors)

    def pass_over(self, span_id: str, reason: str) -> None:
        """Count a span that was fetched and holds nothing new."""
        self.skip(reason)
        self.passed_over.append(span_id)


def wanted(
    listed: Iterable[ListedSpan], names: Collection[str], seen: Collection[str], harvest: Harvest, *, errors: bool
) -> list[ListedSpan]:
    """The spans worth fetching: of one of *names* (any when empty), not *seen*; failed ones only with *errors*."""
    found: list[ListedSpan] = []
    for span in listed:
        if names and span.name not in names:
            harvest.skip("other_name")
        elif span.status_code == "ERROR" and not errors:
            harvest.skip("failed_span")
        elif span.span_id in seen:
            harvest.skip("seen_before")
        else:
            found.append(span)
    return found


def by_whole_traces(spans: Iterable[ListedSpan], most: int) -> Iterator[list[str]]:
    """Their ids, trace by trace in the order of ids, *most* at once: more only where one trace has more."""
    together: list[str] = []
    for _, own in groupby(sorted(spans, key=lambda each: (each.trace_id, each.span_id)), key=attrgetter("trace_id")):
        ids = [span.span_id for span in own]
        if together and len(together) + len(ids) > most:
            yield together
            together = []
        together += ids
    if together:
        yield together


def reap(
    spans: Iterable[RawSpan],
    project: str,
    harvest: Harvest,
    stored: Callable[[str], Sequence[Trajectory]] = lambda _trace_id: (),
) -> None:
    """Add the trajectories of *spans*, whole traces of them, trace by trace, parents before children.

    What only repeats a conversation of its trace, or the beginning of one, adds nothing; *stored* gives those of an
    earlier sync. One span that cannot be read is recorded, and the others go on.
    """
    for trace_id, own in groupby(sorted(spans, key=itemgetter("trace_id")), key=itemgetter("trace_id")):
        found, told = [], dict[str, Steps]()
        for span in parents_first(own):
            span_id = span["span_id"]
            try:
                if (trajectory := trajectory_of(span, project)) is not None:
                    told[span_id] = steps(trajectory.messages)
                    found.append(trajectory)
                else:
                    harvest.pass_over(span_id, "no_prompts")
            except (Malformed, ValueError, TypeError, KeyError, RecursionError) as error:
                harvest.errors[span_id] = " ".join(f"{type(error).__name__}: {error}".split())
        again = repeats(told, (steps(each.messages) for each in stored(trace_id))) if found else {}
        harvest.trajectories += [each for each in found if each.span_id not in again]
        for span_id, reason in again.items():
            harvest.pass_over(span_id, reason)


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
    llm = obj(attributes.get("llm"))
    counted, older = obj(llm.get("token_count")), obj(llm.get("usage"))
    found = {}
    for name, (keys, short) in USAGE.items():
        told = [*(usage.get(key) for key in keys), counted.get(short), older.get(name)]
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
