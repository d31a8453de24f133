"""Where the production prompt failed: calls of the window with what judges and people said, fit to be shown to a model.

Shown are only calls of sessions in the split `train`: candidates are chosen on `dev`, decided on `test`, and `holdout`
is for nobody. A question that is also an example of the sealed splits is left out, whatever session it came from.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from tasks.shared.anonymise import Anonymiser
from tasks.shared.questions import normalised
from tasks.shared.records import FEEDBACK_IDENTIFIER, Window
from tasks.shared.settings import Settings, SplitSettings
from tasks.shared.splits import cluster_of, split_of
from tasks.shared.store.lake import Lake

SHOWN_SPLIT = "train"
LONGEST_TEXT = 4000
PASSING = pa.schema([("evaluator", pa.string()), ("version", pa.string()), ("passes_at", pa.float64())])
SCORED = "SELECT DISTINCT evaluator, version FROM decisions"


@dataclass(frozen=True)
class Failure:
    """A call that failed. `said` are evaluators' words, `comments` people's; `right` is the right answer, if told."""

    span_id: str
    question: str
    answer: str
    said: tuple[str, ...]
    comments: tuple[str, ...]
    evaluators: tuple[str, ...]
    right: str | None = None

    @property
    def texts(self) -> dict[str, Any]:
        """Every text of it, as a JSON value to be masked."""
        return {"question": self.question, "answer": self.answer, "said": list(self.said),
                "comments": list(self.comments), "right": self.right}  # fmt: skip

    def with_texts(self, texts: Mapping[str, Any]) -> "Failure":
        """The same with *texts* in place of its own."""
        listed = {name: tuple(texts[name]) for name in ("said", "comments")}
        return replace(self, **{**texts, **listed})

    def as_json(self) -> dict[str, Any]:
        """What a model is shown of it."""
        shown = {
            "question": self.question,
            "wrong_answer": self.answer,
            "what_is_wrong": list(self.said),
            "people_say": list(self.comments),
            "right_answer": self.right,
        }
        return {name: value for name, value in shown.items() if value}


def failing_calls(
    lake: Lake, project: str, window: Window, settings: Settings, *, versions: Sequence[str],
    names: Sequence[str], evaluators: Sequence[str], judges: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of the calls in *window* that one of *evaluators*, or with *judges* any judge, failed or a person rejected.

    A call is one of the prompt when its span names one of *versions*, or has one of *names*. Traces that sealed
    examples came from are left out.
    """
    scored = lake.sql(SCORED, project, window).to_pylist()
    known = [{**each, "passes_at": passes_at(lake, each["evaluator"], each["version"])} for each in scored]
    parameters = {
        "versions": list(versions),
        "names": list(names),
        "evaluators": list(evaluators),
        "judges": judges,
        "feedback": FEEDBACK_IDENTIFIER,
        "rejecting": [*settings.curation.rejecting, *settings.feedback.negative],
        "corrections": list(settings.curation.corrections),
    }
    relations = {"passing": pa.Table.from_pylist(known, schema=PASSING)}
    rows: list[dict[str, Any]] = lake.sql(_query(), project, window, parameters, relations).to_pylist()
    return rows


def passes_at(lake: Lake, evaluator: str, version: str) -> float:
    """The score from which a unit passes, as the lake remembers the judge; 0.5 for code evaluators."""
    content = lake.get_file(f"judges/{evaluator}@{version}.json")
    return float(json.loads(content)["question"].get("passes_at", 0.5)) if content else 0.5


def shown_failures(
    rows: Iterable[Mapping[str, Any]], sealed: Collection[str], *, anonymiser: Anonymiser, splits: SplitSettings,
    kept: Mapping[str, str], question: str, most: int,
) -> list[Failure]:  # fmt: skip
    """At most *most* of the failing calls *rows* that may be shown, anonymised, each question once, all kinds in turn.

    Args:
        rows: From `failing_calls`.
        sealed: Questions (from `normalised`) that nobody may be shown.
        anonymiser: Masks what is shown.
        splits: Shares of the splits.
        kept: Splits that sessions have whatever the shares are, from `kept_splits`.
        question: The prompt variable with the question; the input is it where there is none.
        most: How many to show.
    """
    found: dict[str, Failure] = {}
    for row in rows:
        if split_of(cluster_of(row["session_id"], row["trace_id"]), splits, kept) == SHOWN_SPLIT:
            failure = _failure(row, anonymiser, question)
            key = normalised(failure.question)
            if key not in sealed:
                found[key] = min(found.get(key, failure), failure, key=_rank)
    return _in_turn(found.values())[:most]


def _failure(row: Mapping[str, Any], anonymiser: Anonymiser, question: str) -> Failure:
    variables = json.loads(row["prompt_variables"] or "{}")
    asked = variables.get(question) if isinstance(variables, dict) else None

    def shown(text: Any) -> str:
        return str(anonymiser.value(str(text)))[:LONGEST_TEXT]

    said = [_sentence(each) for each in row["failures"]]
    said += [f"it led to an error: {row['trouble']}"] if row["trouble"] else []
    return Failure(
        span_id=row["span_id"],
        question=shown(asked or row["input"] or ""),
        answer=shown(row["output"]),
        said=tuple(map(shown, said)),
        comments=tuple(map(shown, row["comments"])),
        evaluators=tuple(each["evaluator"] for each in row["failures"]),
        right=shown(row["correction"]) if row["correction"] else None,
    )


def _sentence(failed: Mapping[str, Any]) -> str:
    verdict = failed["label"] or f"score {failed['score']:g}"
    return f"{failed['evaluator']}: {verdict}" + (f", {failed['explanation']}" if failed["explanation"] else "")


def _rank(failure: Failure) -> tuple[bool, bool, int, str]:
    """The most telling first: a right answer, a comment, many evaluators; then by a hash."""
    digest = hashlib.sha256(failure.span_id.encode()).hexdigest()
    return (failure.right is None, not failure.comments, -len(failure.evaluators), digest)


def _in_turn(failures: Iterable[Failure]) -> list[Failure]:
    """The most telling of every kind, then the second of every kind ...; a kind is what the same evaluators failed."""
    kinds: dict[tuple[str, ...], list[Failure]] = {}
    for failure in sorted(failures, key=_rank):
        kinds.setdefault(failure.evaluators, []).append(failure)
    return list(_round_robin([kinds[kind] for kind in sorted(kinds)]))


def _round_robin(kinds: Sequence[Sequence[Failure]]) -> Iterator[Failure]:
    for place in range(max(map(len, kinds), default=0)):
        yield from (kind[place] for kind in kinds if place < len(kind))


@cache
def _query() -> str:
    return files("tasks.prompts").joinpath("failures.sql").read_text(encoding="utf-8")
