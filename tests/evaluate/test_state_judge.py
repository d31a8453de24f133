"""The judge of failure states, made for any agent's states."""

import pytest

from deployments.simulator.faults import Faults
from deployments.simulator.judging.judge import SimulatedJudge
from tasks.evaluate.cases import rendered
from tasks.evaluate.catalogue import ready_judge
from tasks.evaluate.judge import Judge
from tasks.evaluate.library import judge_called, verify_sql
from tasks.evaluate.state_judge import state_judge
from tasks.evaluate.undecided import undecided
from tasks.evaluate.units import view_sql
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import JudgeSettings
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import DAY, span_row, span_table

FILE = judge_called("failure_state", JudgeSettings())
RECIPE = tuple(label for label in FILE.choices if label != "none")
SEVEN = tuple(f"State{letter}" for letter in "ABCDEFG")


def test_the_files_own_states_make_the_files_own_judge():
    assert state_judge(FILE, "recipes", RECIPE, ["recipe_agent"]) is FILE


@pytest.mark.parametrize("count", [2, 7, 10])
def test_any_states_are_the_enumeration_and_stand_in_the_prompt(count):
    states = [f"State {number}" for number in range(count)]
    judge = state_judge(FILE, "my-agent", states, ["agent"])
    assert judge.answer_shape["properties"]["label"]["enum"] == [*states, "none"]
    assert f"The states in order: {', '.join(states)}." in judge.prompt.messages[0]["content"]
    assert (judge.name, judge.select) == ("failure_state_my_agent", "name = 'agent'")


def test_other_states_are_another_version_and_equal_ones_the_same():
    one, same = (state_judge(FILE, "a", SEVEN, ["agent"]) for _ in range(2))
    assert one.title == same.title
    assert one.digest == same.digest
    assert one.version.startswith(f"{FILE.version}-")
    for states, roots in ((SEVEN[:-1], ["agent"]), (SEVEN[::-1], ["agent"]), (SEVEN, ["other"]), (SEVEN, [])):
        assert state_judge(FILE, "a", states, roots).version != one.version


@pytest.mark.parametrize("states", [RECIPE, SEVEN, ("It's", "Here", "Done")])
def test_a_sound_judge_knows_the_canaries_and_a_broken_one_does_not(states):
    judge = state_judge(FILE, "a", states, ["agent"])
    for faults, right in ((Faults(), True), (Faults(broken_judge=True), False)):
        said = [
            SimulatedJudge().verdict(text_of(judge, canary.inputs), [*judge.choices], faults).label in canary.expect
            for canary in judge.canaries
        ]
        assert all(said) is right


def text_of(judge: Judge, inputs) -> str:
    return "\n".join(message["content"] for message in rendered(judge.prompt, inputs))


@pytest.mark.parametrize(
    ("roots", "expected"),
    [(["agent"], {"t1"}), (["a*"], {"t1", "t2"}), (["agent", "bot"], {"t1", "t3"}), ([], {"t1", "t3"})],
)
def test_runs_are_chosen_by_their_roots_or_by_their_states(lake, roots, expected):
    spans = [
        *(span_row(f"r{n}", trace_id=f"t{n}", name=name) for n, name in enumerate(("agent", "apart", "bot"), start=1)),
        span_row("c1", trace_id="t1", parent_id="r1", name="StateA"),
        span_row("c2", trace_id="t2", parent_id="r2", name="StateAB"),
        span_row("c3", trace_id="t3", parent_id="r3", name="StateC"),
    ]
    lake.write(SPANS, "p", DAY, span_table(*spans))
    judge = state_judge(FILE, "a", SEVEN[:3], roots)
    verify_sql(judge, lake, view_sql("trace"))
    assert set(undecided(lake, "p", DAY, ready_judge(judge))["unit_id"].to_pylist()) == expected


def test_a_judge_of_something_else_is_refused():
    with pytest.raises(ConfigurationError, match="is none of states"):
        state_judge(judge_called("toxicity", JudgeSettings()), "a", SEVEN, [])
    with pytest.raises(ConfigurationError, match="does not exist"):
        judge_called("nobody", JudgeSettings())
