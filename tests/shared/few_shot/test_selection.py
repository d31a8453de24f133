"""Examples for a question: the most alike ones, the same every time, from an index that is computed once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.shared.few_shot.index import FewShot
from tasks.shared.few_shot.likeness import REDUCED_FROM, cosines, local_likeness
from tasks.shared.few_shot.selection import most_alike, unlike_each_other
from tasks.shared.few_shot.shown_examples import ShownExample, parsed

EXAMPLES = (
    ShownExample("What was the average temperature of device 7 per day?", "SELECT 1"),
    ShownExample("Which devices raised the most alerts?", "SELECT 2"),
    ShownExample("Which devices raised the most critical alerts?", "SELECT 3"),
    ShownExample("How many minutes did each technician spend?", "SELECT 4"),
)
QUESTIONS = [example.question for example in EXAMPLES]
TEXTS = st.lists(st.text(max_size=30), max_size=8)


def test_likeness_is_highest_for_the_same_words():
    likeness = local_likeness(
        ["Which device raised most warning alerts?", "Average temperature of device 9?"], QUESTIONS
    )
    assert likeness.argmax(axis=1).tolist() == [1, 0]
    assert likeness[0, 2] > likeness[0, 3]
    assert local_likeness(QUESTIONS, QUESTIONS).diagonal() == pytest.approx(1)
    assert local_likeness(["zzz"], ["qqq"])[0, 0] < 0.6


def test_many_known_texts_are_reduced_and_still_find_themselves():
    known = [f"question {number} about {'alerts' if number % 2 else 'power'}" for number in range(REDUCED_FROM)]
    likeness = local_likeness(known[:3], known)
    assert likeness.shape == (3, REDUCED_FROM)
    assert likeness.argmax(axis=1).tolist() == [0, 1, 2]


@given(TEXTS, TEXTS)
@settings(max_examples=30, deadline=None)
def test_any_texts_can_be_compared(asked, known):
    likeness = local_likeness(asked, known)
    assert likeness.shape == (len(asked), len(known))
    assert np.isfinite(likeness).all()


def test_a_vector_of_zeros_is_like_nothing():
    assert cosines(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[6.0, 8.0]])).tolist() == [[0.0], [pytest.approx(1.0)]]


def test_the_most_alike_example_stands_last_and_equal_ones_count_in_their_order():
    likeness = np.array([[0.1, 0.9, 0.5, 0.5], [0.2, 0.2, 0.2, 0.2]])
    assert most_alike(likeness, 3) == [[3, 2, 1], [2, 1, 0]]
    assert most_alike(likeness, 9) == [[0, 3, 2, 1], [3, 2, 1, 0]]


def test_what_is_kept_says_the_most_together():
    assert unlike_each_other(QUESTIONS, 3) == [0, 1, 3]
    assert unlike_each_other(QUESTIONS, 2, last={0, 1}) == [2, 3]
    assert unlike_each_other(QUESTIONS, 9) == [0, 1, 2, 3]
    assert unlike_each_other(QUESTIONS, 0) == []
    assert unlike_each_other([], 3) == []


async def test_examples_are_chosen_for_each_question_by_their_words():
    chooser = FewShot(EXAMPLES, "SQL", k=2)
    (section,) = await chooser.sections_for(["Which devices raised the most critical alerts today?"])
    shown, label = parsed(section)
    assert ([each.answer for each in shown], label) == (["SELECT 2", "SELECT 3"], "SQL")


async def test_vectors_of_the_examples_are_computed_once_and_of_another_model_anew(tmp_path):
    asked = []

    async def embed(texts):
        asked.append(list(texts))
        return np.array([[float("alert" in text), float("device" in text), 0.1] for text in texts])

    for model in ("a", "a", "b"):
        chooser = FewShot(EXAMPLES, "SQL", k=1, model=model, embed=embed, folder=tmp_path / "index")
        assert await chooser.chosen_for(["alerts of devices"]) == [[1]]
    assert asked.count(QUESTIONS) == 2
    assert len(list((tmp_path / "index").iterdir())) == 2
