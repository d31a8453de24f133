"""What evaluators may return, and evaluators of phoenix-evals in their place."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.evaluate.catalogue import Ready, check
from tasks.evaluate.scores import as_score, question
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import Evaluator, Score


def ask(score, values, needs=("output",), name="mine"):
    return question(Ready(name, Evaluator(unit="span", needs=needs, score=score), {}))(values)


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (Score(0.5, "half", "because"), Score(0.5, "half", "because")),
        (Score(label="blue"), Score(None, "blue", None)),
        (Score(np.float32(0.5)), Score(0.5)),
        (Score(True, "yes"), Score(1.0, "yes")),
        (Score(explanation="no price"), Score(None, None, "no price")),
        (True, Score(1.0, "true")),
        (False, Score(0.0, "false")),
        (3, Score(3.0)),
        (0.25, Score(0.25)),
        ("blue", Score(None, "blue")),
        (np.int64(2), Score(2.0)),
        (np.float64(0.5), Score(0.5)),
        (np.bool_(True), Score(1.0, "true")),
        (np.str_("blue"), Score(None, "blue")),
        (None, None),
    ],
)
def test_an_answer_becomes_a_score(answer, score):
    converted = as_score(answer)
    assert converted == score
    assert converted is None or converted.score is None or type(converted.score) is float


@pytest.mark.parametrize("answer", [math.nan, math.inf, np.float64("nan"), Score(math.nan, "label"), Score()])
def test_a_score_that_says_nothing_is_an_error(answer):
    with pytest.raises(ValueError, match="returned"):
        as_score(answer)


@pytest.mark.parametrize("answer", [[1.0], {"score": 1.0}, "", object(), np.array([1.0, 2.0])])
def test_other_answers_are_errors(answer):
    with pytest.raises((TypeError, ValueError)):
        as_score(answer)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_whatever_comes_back_it_is_a_sound_score_or_an_error(answer):
    try:
        score = as_score(answer)
    except (TypeError, ValueError, OverflowError):
        return
    if score is not None:
        assert score.score is None or math.isfinite(score.score)
        assert score.score is not None or score.label or score.explanation


def test_ready_made_phoenix_evaluators_drop_in():
    from phoenix.evals.metrics import MatchesRegex, exact_match

    same = {"output": "a", "expected": "a"}
    assert ask(exact_match, same, ("output", "expected")).score == 1.0
    other = ask(MatchesRegex(r"\d+"), {"output": "no digits"})
    assert other.score == 0.0
    assert "No substrings" in other.explanation


def test_a_function_made_an_evaluator_by_phoenix_drops_in():
    from phoenix.evals import create_evaluator

    @create_evaluator("short", direction="maximize")
    def short(output: str) -> bool:
        return len(output) < 5

    assert ask(short, {"output": "tiny"}) == Score(1.0, "True")


def test_a_bound_phoenix_evaluator_sees_the_columns_it_is_bound_to():
    from phoenix.evals import bind_evaluator
    from phoenix.evals.metrics import exact_match

    bound = bind_evaluator(evaluator=exact_match, input_mapping={"output": "input", "expected": "output"})
    assert ask(bound, {"input": "a", "output": "a"}, ("input", "output")).score == 1.0


class Several:
    """As phoenix-evals' PrecisionRecallFScore: one call, several scores."""

    def evaluate(self, _values):
        """Two scores, whatever the values."""
        from phoenix.evals import Score as PhoenixScore

        return [PhoenixScore(name="precision", score=0.5), PhoenixScore(name="recall", score=0.25)]


def test_of_several_scores_the_one_called_like_the_evaluator_counts():
    assert ask(Several(), {}, name="recall") == Score(0.25)


def test_several_scores_under_other_names_are_an_error():
    with pytest.raises(ValueError, match="0 scores called 'mine'"):
        ask(Several(), {}, name="mine")


@pytest.mark.parametrize(
    ("evaluator", "problem"),
    [
        (Evaluator(unit="span", needs=(), score=len, version="1/2"), "version '1/2'"),
        (Evaluator(unit="span", needs=(), score=len, parameters=("budget",)), "setting budget"),
        (Evaluator(unit="span", needs=(), score=Several(), kind="llm"), None),
    ],
)
def test_an_evaluator_that_cannot_work_is_refused(evaluator, problem):
    if problem is None:
        check("mine", evaluator)
        return
    with pytest.raises(ConfigurationError, match=problem):
        check("mine", evaluator)


def test_a_phoenix_evaluator_of_another_kind_is_refused():
    from phoenix.evals.metrics import exact_match

    with pytest.raises(ConfigurationError, match="declared as 'llm'"):
        check("mine", Evaluator(unit="span", needs=(), score=exact_match, kind="llm"))
