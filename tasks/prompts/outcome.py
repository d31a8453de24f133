"""What the gate's verdict on the test split makes of a candidate: a winner is surely better, and by enough. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.prompts.turns import Turn
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import GateSettings, PromptSettings

LEARNED_FROM, CHOSEN_ON, DECIDED_ON = "train", "dev", "test"


@dataclass(frozen=True)
class Outcome:
    """Whether the candidate won, and the sentence that says why or why not."""

    won: bool
    reason: str


def metric_of(gate_name: str, gates: Mapping[str, GateSettings], metric: str) -> str:
    """The metric that has to improve: *metric*, or the gate's first.

    Raises:
        ConfigurationError: There is no such gate or metric, or passing the gate would not mean being better.
    """
    gate = gates.get(gate_name)
    if gate is None:
        raise ConfigurationError(f"there is no gate {gate_name!r}. Add [gates.{gate_name}], or name one that exists.")
    metric = metric or next(iter(gate.metrics), "")
    if metric not in gate.metrics:
        known = ", ".join(gate.metrics) or "none"
        raise ConfigurationError(f"gate {gate_name!r} has no metric {metric!r} ({known}). Add it, or name another one.")
    # Where the gate may stop once nothing is worse, the gain at that moment says too little, and its p too much.
    if gate.metrics[metric].margin and gate.early_stop:
        raise ConfigurationError(
            f"gate {gate_name!r} lets candidates pass that are {gate.metrics[metric].margin:g} worse by {metric}. For "
            f"better prompts set gates.{gate_name}.metrics.{metric}.margin = 0, or early_stop = false, or take another "
            "gate."
        )
    return metric


def outcome(verdict: Mapping[str, Any], metric: str, settings: PromptSettings, turn: Turn) -> Outcome:
    """What a *verdict* (by its schema) says of the candidate: the gate passes, the gain is enough, and p is small."""
    found = next((each for each in verdict["metrics"] if each["metric"] == metric), None)
    gain, p_value = (found["difference"]["value"], found["p_value"]) if found else (None, None)
    if found is None or gain is None or p_value is None:
        return Outcome(False, f"nobody can say by how much {metric} differs: {verdict['reason']}")
    told = f"on test {metric} is {abs(gain):.3f} {'better' if gain > 0 else 'worse'} (p {p_value:.3g}, n {found['n']})"
    if verdict["verdict"] != "pass":
        return Outcome(False, f"{told}; gate {verdict['gate']}: {verdict['verdict']}. {verdict['reason']}")
    if gain <= settings.least_gain:
        return Outcome(False, f"{told}; more than {settings.least_gain:g} is asked for")
    if p_value >= turn.level:
        return Outcome(False, f"{told}; p below {turn.level:.3g} is asked for{turn.told}")
    return Outcome(True, told)
