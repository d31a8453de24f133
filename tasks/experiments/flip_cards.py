"""The examples that changed, one card each: what was asked, both answers, why they are scored as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tasks.experiments.flips import Change, Flip, flips, telling
from tasks.shared.pages.blocks import Block, Cell, Table, Text
from tasks.shared.pages.wording import excerpt

if TYPE_CHECKING:
    from tasks.experiments.comparison import Answer, Comparison
    from tasks.experiments.report import Places

SHOWN = 25
QUESTION_CHARACTERS, REASON_CHARACTERS = 400, 600
COLUMNS = (
    *("Question", "Score", "Right answer", "Baseline said", "Candidate said"),
    *("Why the baseline's is scored so", "Why the candidate's is scored so"),
    *("Baseline's trace", "Candidate's trace", "Example", "All answers"),
)


def flip_blocks(compared: Comparison, places: Places) -> list[Block]:
    """How many examples changed, then the cards: where the candidate is worse first."""
    found = flips(compared.sides)
    worse, better = ([flip for flip in found if flip.worse is wanted] for wanted in (True, False))
    same = compared.sides.asked - len(found)
    examples = "1 example" if len(worse) == 1 else f"{len(worse)} examples"
    return [
        Text(f"The candidate is worse on {examples} and better on {len(better)}; on {same} no score changed."),
        _cards("Worse with the candidate", worse, compared, places),
        _cards("Better with the candidate", better, compared, places),
    ]


def _cards(title: str, chosen: Sequence[Flip], compared: Comparison, places: Places) -> Table:
    rows = [_card(flip, compared, places) for flip in chosen[:SHOWN]]
    note = f"{len(chosen) - SHOWN} more are in the table of examples of the MLflow run." if len(chosen) > SHOWN else ""
    return Table(title, COLUMNS, rows, empty="No example.", note=note, layout="cards")


def _card(flip: Flip, compared: Comparison, places: Places) -> tuple[Cell, ...]:
    question = compared.questions.get(flip.example_id)
    metric = min(flip.changes, key=lambda name: flip.changes[name].gain)
    baseline = telling(compared.baseline, flip, metric, compared, best=flip.worse)
    candidate = telling(compared.candidate, flip, metric, compared, best=not flip.worse)
    return (
        excerpt(question.text if question else flip.example_id, QUESTION_CHARACTERS),
        changed(flip.changes),
        excerpt(question.expected) if question and question.expected is not None else None,
        said(baseline),
        said(candidate),
        reasons(baseline, flip),
        reasons(candidate, flip),
        places.trace(baseline),
        places.trace(candidate),
        f"{flip.example_id} ({flip.stratum})",
        places.comparison(compared),
    )


def changed(changes: Mapping[str, Change]) -> str:
    """Each score before and after, worst first."""
    ordered = sorted(changes.items(), key=lambda item: item[1].gain)
    return "\n".join(f"{name}: {change.baseline:.3g} → {change.candidate:.3g}" for name, change in ordered)


def said(answer: Answer | None) -> str | None:
    """What was answered, or why nothing was."""
    if answer is None:
        return None
    return excerpt(answer.text) if answer.text is not None else f"{answer.status}: {excerpt(answer.error)}"


def reasons(answer: Answer | None, flip: Flip) -> str | None:
    """What the evaluators whose score changed say of the answer."""
    given = answer.said if answer else {}
    lines = [
        f"{name}: {excerpt(given[name].explanation or given[name].label, REASON_CHARACTERS)}"
        for name in flip.changes
        if name in given
    ]
    return "\n".join(lines) or None
