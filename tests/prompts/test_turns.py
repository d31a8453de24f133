"""The same test split decides week after week: turns keep the chance of any false winner."""

import datetime as dt
from functools import cache

import numpy as np
import pytest

from tasks.prompts.candidates import Candidate
from tasks.prompts.ending import confidence_for
from tasks.prompts.turns import Turn, in_turn
from tasks.shared.settings import Settings
from tasks.shared.statistics.matched import mcnemar

FAMILIES, ROUNDS, EXAMPLES, SIGNIFICANCE = 2000, 20, 72, 0.05


def candidate(name: str) -> Candidate:
    at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    return Candidate("p", name, "candidate-1", at, "optimisation", "base", "v", "proposed", "", {})


def after(*examples: int, dataset: str = "golden") -> list[Candidate]:
    """Candidates of so many rounds, each decided when the test split had so many *examples*."""
    known: list[Candidate] = []
    for number, count in enumerate(examples):
        known.append(in_turn(candidate(f"r{number}"), known, dataset, count, SIGNIFICANCE))
    return known


def test_each_round_on_the_same_examples_has_a_smaller_level_and_the_first_has_all_of_it():
    turns = [Turn.of(each) for each in after(72, 73, 80)]
    assert [(turn.number, turn.examples, turn.began_with) for turn in turns] == [(1, 72, 72), (2, 73, 72), (3, 80, 72)]
    assert [turn.level for turn in turns] == pytest.approx([0.05, 0.05 / 3, 0.05 / 6])


def test_counting_begins_anew_once_most_examples_are_new_and_for_another_dataset():
    known = after(72, 100, 144, 150)
    assert [(Turn.of(each).number, Turn.of(each).began_with) for each in known] == [
        (1, 72), (2, 72), (1, 144), (2, 144),
    ]  # fmt: skip
    assert Turn.of(in_turn(candidate("x"), known, "other", 150, SIGNIFICANCE)).number == 1


def test_a_candidate_that_has_its_turn_keeps_it():
    known = after(72, 72)
    assert in_turn(known[0], known, "golden", 90, 0.01) == known[0]


def test_the_gate_decides_with_the_confidence_that_the_turn_asks_for():
    settings = Settings.model_validate({"gates": {"g": {}, "strict": {"confidence": 0.999}}})
    first, second, _ = after(72, 72, 72)
    assert confidence_for(first, settings, "g") == 0.95
    assert confidence_for(second, settings, "g") == pytest.approx(1 - 0.05 / 3)
    assert confidence_for(second, settings, "strict") == 0.999


@cache
def p_value(wins: int, losses: int) -> float:
    return mcnemar(wins, losses)


def test_twenty_rounds_of_useless_prompts_promote_any_with_a_chance_of_five_percent_at_most():
    """One production prompt's answers to one test split; each round's best is right as often as production, no more."""
    draw, levels = np.random.default_rng(20), [Turn.of(each).level for each in after(*[EXAMPLES] * ROUNDS)]
    fooled, fooled_without = 0, 0
    for _ in range(FAMILIES):
        hardness = draw.beta(4, 1, EXAMPLES)
        production = draw.random(EXAMPLES) < hardness
        useless = draw.random((ROUNDS, EXAMPLES)) < hardness
        wins, losses = (useless & ~production).sum(axis=1), (~useless & production).sum(axis=1)
        gained = [p_value(int(won), int(lost)) if won > lost else 1.0 for won, lost in zip(wins, losses, strict=True)]
        fooled += any(p < level for p, level in zip(gained, levels, strict=True))
        fooled_without += any(p < SIGNIFICANCE for p in gained)
    assert fooled / FAMILIES <= SIGNIFICANCE
    assert fooled_without / FAMILIES > 2 * SIGNIFICANCE, "that is what the turns are for"
