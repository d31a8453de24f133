"""What evaluators return, made into one Score. Plain functions and evaluators of phoenix-evals are called alike."""

import math
from collections.abc import Callable
from typing import Any

from tasks.evaluate.catalogue import Ready
from tasks.shared.records import Score

Question = Callable[[dict[str, Any]], Score | None]


def question(ready: Ready) -> Question:
    """A function from the values a unit has for `needs` to its Score, None for "not applicable"."""
    ask, parameters = ready.evaluator.score, ready.parameters
    if hasattr(ask, "evaluate"):
        return lambda values: _only_score(ready.name, ask.evaluate({**values, **parameters}))
    return lambda values: as_score(ask(**values, **parameters))


def as_score(answer: Any) -> Score | None:
    """A Score from a Score, number, bool, label or None; numpy scalars count as what they hold.

    A Score with an explanation alone says why the question does not apply.

    Raises:
        TypeError: for anything else.
        ValueError: for a score that is not finite, or a Score that says nothing.
    """
    if hasattr(answer, "dtype") and hasattr(answer, "item"):
        answer = answer.item()
    match answer:
        case None:
            return None
        case Score():
            return _sound(answer)
        case bool():
            return Score(float(answer), str(answer).lower())
        case int() | float():
            return Score(_number(answer))
        case str() if answer:
            return Score(label=answer)
    raise TypeError(f"returned {answer!r} ({type(answer).__name__}). Return a Score, number, bool, label or None.")


def _only_score(name: str, scores: Any) -> Score | None:
    """The one score of a phoenix-evals answer; of several, the one called like the evaluator."""
    if len(scores) > 1:
        scores = [score for score in scores if score.name == name]
    if len(scores) != 1:
        raise ValueError(f"returned {len(scores)} scores called {name!r}. One evaluator gives one score.")
    score = scores[0]
    return _sound(Score(score.score, score.label, score.explanation))


def _sound(score: Score) -> Score:
    number = None if score.score is None else _number(score.score)
    if number is None and not score.label and not score.explanation:
        raise ValueError(
            "returned a Score with neither score, label nor explanation. Return None if it does not apply."
        )
    return Score(number, score.label or None, score.explanation or None)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"returned the score {number}. A score is a finite number; return None if it does not apply.")
    return number
