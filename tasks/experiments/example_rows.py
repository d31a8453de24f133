"""A comparison example by example and answer by answer, as rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.experiments.comparison import Answer, Comparison, Variant


def example_rows(compared: Comparison) -> list[dict[str, Any]]:
    """One row for each example: what was asked, both first answers, every score of both sides."""
    return [_example_row(compared, place, example_id) for place, example_id in enumerate(compared.sides.example_ids)]


def _example_row(compared: Comparison, place: int, example_id: str) -> dict[str, Any]:
    sides, question = compared.sides, compared.questions.get(example_id)
    variants = {"baseline": compared.baseline, "candidate": compared.candidate}
    answers = {role: next(iter(variant.answers.get(example_id, ())), None) for role, variant in variants.items()}
    return {
        "example": example_id,
        "input": question.text if question else None,
        "expected": question.expected if question else None,
        **{f"{role} output": answer.text if answer else None for role, answer in answers.items()},
        **{
            f"{pair.metric}, {role}": _or_none(scores[place])
            for pair in sides.pairs
            for role, scores in (("baseline", pair.baseline), ("candidate", pair.candidate))
        },
        **{f"{role} status": answer.status if answer else None for role, answer in answers.items()},
        **{f"{role} trace": answer.trace_id if answer else None for role, answer in answers.items()},
        "stratum": sides.strata[place],
        "cluster": sides.clusters[place],
    }


def answer_rows(compared: Comparison, variant: Variant) -> list[dict[str, Any]]:
    """One row for each answer of a variant, with what the evaluators said of it."""
    metrics = [pair.metric for pair in compared.sides.pairs]
    return [
        _answer_row(answer, compared, metrics)
        for example_id in compared.sides.example_ids
        for answer in variant.answers.get(example_id, ())
    ]


def _answer_row(answer: Answer, compared: Comparison, metrics: Sequence[str]) -> dict[str, Any]:
    question = compared.questions.get(answer.example_id)
    row: dict[str, Any] = {
        "example": answer.example_id,
        "repetition": answer.repetition,
        "input": question.text if question else None,
        "expected": question.expected if question else None,
        "output": answer.text,
        "status": answer.status,
        "error": answer.error,
        "latency_ms": answer.latency_ms,
        "cost_usd": answer.cost_usd,
        "tokens": answer.tokens,
        "trace": answer.trace_id,
    }
    for metric in metrics:
        said = answer.said.get(metric)
        row[metric] = said.score if said else None
        row[f"{metric}, why"] = (said.explanation or said.label) if said else None
    return row


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)  # noqa: PLR0124 - nan
