"""The simulated judge knows the canaries of every shipped judge, and a broken one does not."""

import pytest

from deployments.simulator.answering import answer
from deployments.simulator.faults import Faults
from deployments.simulator.interfaces.exchange import Asked
from deployments.simulator.simulated_model import SimulatedModel
from tasks.evaluate.cases import rendered
from tasks.evaluate.judge import Canary, Judge
from tasks.evaluate.library import known_judges
from tasks.shared.settings import JudgeSettings

JUDGES = known_judges(JudgeSettings())
CANARIES = [
    pytest.param(judge, canary, id=f"{name}-{number}")
    for name, judge in JUDGES.items()
    for number, canary in enumerate(judge.canaries)
]


def verdict(judge: Judge, canary: Canary, faults: Faults) -> str:
    prompt = "\n".join(message["content"] for message in rendered(judge.prompt, canary.inputs))
    said = answer(Asked("gpt-4o", prompt, judge.answer_shape), SimulatedModel(), faults, None, 1)
    return str((said.arguments or {})["label" if judge.rating is None else "rating"])


@pytest.mark.parametrize(("judge", "canary"), CANARIES)
def test_a_sound_judge_passes_every_canary(judge, canary):
    assert verdict(judge, canary, Faults()) in map(str, canary.expect)


@pytest.mark.parametrize("name", JUDGES)
@pytest.mark.parametrize("broken", [True, "constant"])
def test_a_broken_judge_fails_a_canary_of_every_judge(name, broken):
    judge = JUDGES[name]
    faults = Faults(broken_judge=broken)
    assert not all(verdict(judge, canary, faults) in map(str, canary.expect) for canary in judge.canaries)
