"""What a model says of failures: claims that each name the runs they rest on. A claim that names others is dropped."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

TESTS, LEAST_TESTS, MOST_TESTS = "unit_tests", 3, 5
CITED = "trace_ids"
# What is asked for, and what each claim of it tells.
PARTS: dict[str, tuple[str, ...]] = {
    "patterns": ("pattern",),
    "fixes": ("fix", "how_to_test"),
    "validator_rules": ("rule",),
    TESTS: ("name", "given", "expect"),
}
INSIGHTS: dict[str, tuple[str, ...]] = {"insights": ("insight",)}


@dataclass(frozen=True)
class Claim:
    """Texts by what they tell, and the runs they rest on."""

    texts: Mapping[str, str]
    trace_ids: tuple[str, ...]


@dataclass(frozen=True)
class Claims:
    """The claims by part. `dropped` counts those that named no run, or one that the model was not told of."""

    parts: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    dropped: int = 0

    @property
    def trace_ids(self) -> set[str]:
        """Every run that a claim rests on."""
        return {trace for part in self.parts.values() for claim in part for trace in claim.trace_ids}

    def of(self, part: str) -> tuple[Claim, ...]:
        """The claims of one part."""
        return self.parts.get(part, ())

    def unusable(self) -> str:
        """Why they are no answer: too few or too many unit tests, where such were asked for; empty for an answer."""
        count = len(self.of(TESTS))
        if TESTS not in self.parts or LEAST_TESTS <= count <= MOST_TESTS:
            return ""
        return f"{count} unit tests that name known runs, in place of {LEAST_TESTS} to {MOST_TESTS}"

    def as_json(self) -> dict[str, Any]:
        """For a file, and for the question that merges several."""
        listed = {
            name: [{**each.texts, CITED: list(each.trace_ids)} for each in part] for name, part in self.parts.items()
        }
        return {**listed, "dropped": self.dropped}


def answer_form(parts: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The JSON schema of an answer with these parts."""
    lists = {name: {"type": "array", "items": _object(texts)} for name, texts in parts.items()}
    return {"type": "object", "properties": lists, "required": list(lists), "additionalProperties": False}


def claims_in(answer: Mapping[str, Any], parts: Mapping[str, tuple[str, ...]], known: Collection[str]) -> Claims:
    """The claims of an *answer* that rest on *known* runs."""
    found: dict[str, tuple[Claim, ...]] = {}
    dropped = int(answer.get("dropped") or 0)
    for name, texts in parts.items():
        listed = answer.get(name)
        items = listed if isinstance(listed, list) else []
        kept = [claim for item in items if (claim := _claim(item, texts, known))]
        dropped += len(items) - len(kept)
        found[name] = tuple(kept)
    return Claims(found, dropped)


@dataclass(frozen=True)
class Analysis:
    """What a model says of one state. `status` is answered, unparseable, budget_stopped, errored or not_asked.

    `failures` is how many runs failed there, `told` how many of them the model was told of, in `clusters` texts.
    """

    state: str
    failures: int
    told: int
    clusters: int
    status: str
    claims: Claims = field(default_factory=Claims)
    questions: int = 0
    reused: int = 0
    cost_usd: float = 0.0
    trouble: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the file of a window's analyses: what was paid earlier makes no other file."""
        return {**asdict(self), "claims": self.claims.as_json(), "reused": 0}

    @classmethod
    def of_json(cls, found: Mapping[str, Any], parts: Mapping[str, tuple[str, ...]] = PARTS) -> "Analysis":
        """What `as_json` wrote; its claims were checked before."""
        claims = found["claims"]
        cited = {trace for name in parts for each in claims.get(name, []) for trace in each[CITED]}
        return cls(**{**found, "claims": claims_in(claims, parts, cited)})


def _claim(item: Any, texts: tuple[str, ...], known: Collection[str]) -> Claim | None:
    if not isinstance(item, Mapping):
        return None
    cited = item.get(CITED)
    if (
        not isinstance(cited, list)
        or not cited
        or any(not isinstance(trace, str) or trace not in known for trace in cited)
    ):
        return None
    said = {name: item.get(name) for name in texts}
    if not all(isinstance(text, str) and text.strip() for text in said.values()):
        return None
    return Claim({name: str(text).strip() for name, text in said.items()}, tuple(dict.fromkeys(cited)))


def _object(texts: tuple[str, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": "string"} for name in texts}
    properties[CITED] = {"type": "array", "items": {"type": "string"}}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
