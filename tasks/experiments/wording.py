"""Numbers and demands in words, the same in the verdict, the comment and the test report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.experiments.verdict import Decided

MANY = 100_000


def reason_of(decided: Decided) -> str:
    """What became of a demand that could be looked at, with its numbers."""
    demand = decided.demand
    number = f"{value_text(decided)} {interval_text(decided)}"
    limit = f"{'at most' if demand.at_most else 'at least'} {limit_text(decided)}"
    verdict = {"pass": "kept", "fail": "broken", "inconclusive": "undecided"}[decided.outcome]
    text = f"{demand.name} {number}, {limit} asked for: {verdict}"
    return f"{text}; {needed_text(decided)}" if decided.outcome == "inconclusive" else text


def needed_text(decided: Decided) -> str:
    """How many examples would decide."""
    if decided.needed is None or decided.needed > MANY:
        return "it is so near its limit that no number of examples in reach decides"
    return f"about {decided.needed:,} examples would decide with power 80 %"


def value_text(decided: Decided) -> str:
    """The number: a difference with its sign, a rate as it is, a ratio as a multiple."""
    return _number(decided, decided.demand.value)


def interval_text(decided: Decided) -> str:
    """The bounds."""
    return f"[{_number(decided, decided.low)}, {_number(decided, decided.high)}]"


def limit_text(decided: Decided) -> str:
    """The limit, written as the number is."""
    return _number(decided, decided.demand.limit)


def sentence(text: str) -> str:
    """The text with a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _number(decided: Decided, value: float | None) -> str:
    if value is None:
        return "?"
    if decided.demand.kind == "difference":
        return f"{value:+.3f}"
    return f"{value:.3f}" if decided.demand.kind == "floor" else f"{value:.2f}x"
