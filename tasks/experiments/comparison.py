"""Two variants on the same examples with all that was said: the answers, the scores, the reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from tasks.shared.errors import StoreError

if TYPE_CHECKING:
    from tasks.experiments.paired import Side, Sides
    from tasks.experiments.verdict import Verdict
    from tasks.shared.store.lake import Lake

EXPERIMENT = "SELECT * FROM experiments WHERE experiment = $experiment"
# As the scores take them: an answer that was errored and asked again on another day is the later one.
RUNS = """
SELECT * FROM experiment_runs WHERE experiment = $experiment AND list_contains($examples, example_id)
QUALIFY row_number() OVER (PARTITION BY example_id, repetition ORDER BY status = 'answered' DESC, start_time DESC) = 1
ORDER BY example_id, repetition
"""
SPANS = "SELECT trace_id, input, prompt_variables, metadata FROM spans SEMI JOIN runs USING (trace_id)"
DECISIONS = """
SELECT trace_id, evaluator, version, status, score, label, explanation FROM decisions
SEMI JOIN runs USING (trace_id) ORDER BY decided_at
"""


@dataclass(frozen=True)
class Said:
    """What an evaluator said of an answer."""

    status: str
    score: float | None
    label: str | None
    explanation: str | None


@dataclass(frozen=True)
class Answer:
    """One answer to an example; `said` is by evaluator. `text` is None where there is none, and `error` says why."""

    example_id: str
    repetition: int
    status: str
    text: str | None
    error: str | None
    trace_id: str
    latency_ms: float | None
    cost_usd: float | None
    tokens: int | None
    model: str | None
    prompt_version: str | None
    said: Mapping[str, Said] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What was asked, and the right answer where it is known."""

    text: str
    expected: str | None


@dataclass(frozen=True)
class Variant:
    """One experiment: its row of the table, and its answers by example, in the order of repetitions."""

    row: Mapping[str, Any]
    answers: Mapping[str, Sequence[Answer]]

    @property
    def specification(self) -> Mapping[str, Any]:
        """All that decides how the variant answers."""
        found: Mapping[str, Any] = orjson.loads(self.row["specification"])
        return found

    def each(self, name: str) -> tuple[str, ...]:
        """The different values of a field of its answers, in order; `model` or `prompt_version`."""
        every = (getattr(answer, name) for answers in self.answers.values() for answer in answers)
        return tuple(sorted({value for value in every if value}))


@dataclass(frozen=True)
class Comparison:
    """A candidate beside its baseline. `verdict` is what the gate says of the two; None where it demands nothing."""

    gate: str
    sides: Sides
    baseline: Variant
    candidate: Variant
    questions: Mapping[str, Question]
    verdict: Verdict | None = None

    @property
    def subject(self) -> str:
        """What tells this comparison from others."""
        return f"{self.gate}/{self.baseline.row['experiment']}/{self.candidate.row['experiment']}"


def read_comparison(lake: Lake, project: str, gate: str, sides: Sides, verdict: Verdict | None = None) -> Comparison:
    """What the lake has of the two experiments of *sides*.

    Raises:
        StoreError: when it does not know one of the two.
    """
    questions: dict[str, Question] = {}
    found = [_variant(lake, project, side, sides, questions) for side in (sides.baseline, sides.candidate)]
    return Comparison(gate, sides, found[0], found[1], questions, verdict)


def _variant(lake: Lake, project: str, side: Side, sides: Sides, questions: dict[str, Question]) -> Variant:
    wanted = {"experiment": side.experiment}
    rows = lake.sql(EXPERIMENT, project, None, wanted).to_pylist()
    if not rows:
        raise StoreError(f"the lake has no experiment {side.experiment} of {project}. Run the experiment flow first.")
    runs = lake.sql(RUNS, project, None, {**wanted, "examples": list(sides.example_ids)})
    traced = {"runs": runs.select(["trace_id"])}
    decisions = lake.sql(DECISIONS, side.traced_in, relations=traced).to_pylist()
    spans = {row["trace_id"]: row for row in lake.sql(SPANS, side.traced_in, relations=traced).to_pylist()}
    said = _said(decisions, {pair.metric: pair.version for pair in sides.pairs})
    answers: dict[str, list[Answer]] = defaultdict(list)
    for run in runs.to_pylist():
        answers[run["example_id"]].append(_answer(run, said.get(run["trace_id"], {})))
        if span := spans.get(run["trace_id"]):
            questions.setdefault(run["example_id"], question_of(span))
    return Variant(rows[0], answers)


def question_of(span: Mapping[str, Any]) -> Question:
    """What the span of an answer says of its example: the variable `input`, and `expected` of its metadata."""
    variables = orjson.loads(span["prompt_variables"] or "{}")
    expected = (orjson.loads(span["metadata"] or "{}").get("expected") or {}).get("output")
    text = variables.get("input") if isinstance(variables, dict) else None
    return Question(_text(text) or span["input"] or "", _text(expected))


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _said(decisions: Sequence[Mapping[str, Any]], versions: Mapping[str, str]) -> dict[str, dict[str, Said]]:
    """By trace and evaluator, of the compared version; the last decision counts."""
    found: dict[str, dict[str, Said]] = defaultdict(dict)
    for row in decisions:
        if row["evaluator"] in versions and row["version"] == (versions[row["evaluator"]] or row["version"]):
            said = Said(row["status"], row["score"], row["label"], row["explanation"])
            found[row["trace_id"]][row["evaluator"]] = said
    return found


def _answer(run: Mapping[str, Any], said: Mapping[str, Said]) -> Answer:
    tokens = [count for count in (run["prompt_tokens"], run["completion_tokens"]) if count is not None]
    return Answer(
        example_id=run["example_id"],
        repetition=run["repetition"],
        status=run["status"],
        text=run["output"],
        error=run["error"],
        trace_id=run["trace_id"],
        latency_ms=run["latency_ms"],
        cost_usd=run["cost_usd"],
        tokens=sum(tokens) if tokens else None,
        model=run["model"],
        prompt_version=run["prompt_version"],
        said=said,
    )
