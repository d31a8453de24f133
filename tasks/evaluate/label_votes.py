"""What people's labels say on a judge's scale."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.evaluate.judge import Judge


@dataclass(frozen=True)
class Vote:
    """What the people say who labelled a unit, together: whether it passes; None where as many say yes as no.

    Of a judge whose labels have no scores it is the `label` that most of them gave; None where two have as many.
    """

    passes: bool | None
    people: int
    label: str | None = None


def scale(judge: Judge) -> tuple[float, float] | None:
    """The lowest and the highest score; None for a judge that only labels."""
    if judge.rating is not None:
        return 0.0, 1.0
    scores = {choice.score for choice in judge.choices.values() if choice.score is not None}
    return (min(scores), max(scores)) if len(scores) > 1 else None


def passes(judge: Judge, score: float) -> bool:
    """Whether a unit with this score is a good one."""
    return score <= judge.passes_at if judge.direction == "minimize" else score >= judge.passes_at


def votes(judge: Judge, said: Iterable[Mapping[str, Any]]) -> dict[str, Vote]:
    """People's vote by unit. *said* are annotations, the latest last: `unit_id`, `annotator`, `label`, `score`.

    Of one person's on a unit the last counts; those off the scale do not.
    """
    latest = {(row["unit_id"], row["annotator"]): row for row in said}.values()
    if scale(judge) is None:
        return _label_votes(judge, latest)
    found: dict[str, list[bool]] = {}
    for row in latest:
        score = score_of_label(judge, row["label"], row["score"])
        if score is not None:
            found.setdefault(row["unit_id"], []).append(passes(judge, score))
    return {unit_id: Vote(_majority(answers), len(answers)) for unit_id, answers in found.items()}


def score_of_label(judge: Judge, label: str | None, score: float | None) -> float | None:
    """The score that a person gave: by the label (a choice, or the rating), else the score; None off the scale."""
    named = (label or "").strip().casefold()
    if judge.rating is not None:
        low, high = judge.rating.low, judge.rating.high
        if named in {str(rating) for rating in range(low, high + 1)}:
            return (int(named) - low) / (high - low)
    for choice, its in judge.choices.items():
        if choice.casefold() == named and its.score is not None:
            return its.score
    ends = scale(judge)
    return score if score is not None and ends is not None and ends[0] <= score <= ends[1] else None


def _label_votes(judge: Judge, said: Iterable[Mapping[str, Any]]) -> dict[str, Vote]:
    known = {choice.casefold(): choice for choice in judge.choices}
    found: dict[str, Counter[str]] = {}
    for row in said:
        if label := known.get((row["label"] or "").strip().casefold()):
            found.setdefault(row["unit_id"], Counter())[label] += 1
    return {unit_id: Vote(None, given.total(), _most_given(given)) for unit_id, given in found.items()}


def _most_given(labels: Counter[str]) -> str | None:
    (first, times), *others = labels.most_common(2)
    return None if others and others[0][1] == times else first


def _majority(answers: list[bool]) -> bool | None:
    yes = sum(answers)
    return None if 2 * yes == len(answers) else 2 * yes > len(answers)
