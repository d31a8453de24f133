"""A judge of an agent's states, made for another agent: its labels are the states of that one's taxonomy, and none.

The file of the judge is the pattern: its prompt says `{{choices}}` where the labels belong. What is made of it for
other states is a judge of its own, named after the taxonomy, and its version has the digest of the states: other states
are another question, and answers to two questions are never taken for one.
"""

import hashlib
import re
from collections.abc import Sequence

from tasks.evaluate.judge import Canary, Judge, Stratum
from tasks.shared.errors import ConfigurationError

NO_FAILURE = "none"
UNFINISHED = "unfinished"
DIGITS = 8


def state_judge(judge: Judge, taxonomy: str, states: Sequence[str], roots: Sequence[str]) -> Judge:
    """*judge* for the agent whose runs have the root spans *roots* (* in a name stands for anything).

    Where these are its own states already it stays as it is, and so do its decisions.

    Raises:
        ConfigurationError: *judge* is none of states.
    """
    if judge.unit != "trace" or NO_FAILURE not in judge.choices or "trajectory" not in judge.inputs:
        raise ConfigurationError(
            f"judge {judge.name!r} is none of states: failures.judge wants one of unit trace with the input trajectory "
            f"and the choice {NO_FAILURE}. Name failure_state, or write one like it."
        )
    labels, select = (*states, NO_FAILURE), _select(states, roots)
    if tuple(judge.choices) == labels and judge.select == select:
        return judge
    digest = hashlib.sha256("\n".join((*labels, select)).encode()).hexdigest()[:DIGITS]
    unfinished = Stratum(where=f"NOT contains(trajectory, {_quoted(states[-1])})", rate=1)
    strata = judge.sampling.strata | {UNFINISHED: unfinished}
    return Judge.model_validate(
        judge.model_dump(exclude={"choices", "canaries", "metric"})
        | {
            "name": f"{judge.name}_{taxonomy.replace('-', '_')}",
            "version": f"{judge.version}-{digest}",
            "description": f"At which of its {len(states)} states did a run of {taxonomy} fail, if at any?",
            "select": select,
            "choices": list(labels),
            "sampling": judge.sampling.model_copy(update={"strata": strata}),
            "canaries": _canaries(judge, states),
        }
    )


def _select(states: Sequence[str], roots: Sequence[str]) -> str:
    """The runs of the agent: by their root, or where no root is named those that have one of its states."""
    if not roots:
        named = "|".join(re.escape(state) for state in states)
        return f"regexp_matches(trajectory, {_quoted(f'(?m)^[A-Z]+ (?:{named})(?: |$)')})"
    if len(roots) == 1 and "*" not in roots[0]:
        return f"name = {_quoted(roots[0])}"
    return " OR ".join(f"name GLOB {_quoted(root)}" for root in roots)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _canaries(judge: Judge, states: Sequence[str]) -> tuple[Canary, ...]:
    """A run whose every state did its work, and one that broke off half-way."""
    broken = states[len(states) // 2]
    fine = "\n".join(f"CHAIN {state} -> done" for state in states)
    stopped = "\n".join(f"CHAIN {state} -> done" for state in states[: len(states) // 2])
    failed = f"{stopped}\nCHAIN {broken} FAILED: connection error: the service did not answer within 5 s"
    others = dict.fromkeys(judge.inputs, "Do what is asked.")
    return (
        Canary(inputs={**others, "trajectory": fine}, expect=(NO_FAILURE,)),
        Canary(inputs={**others, "trajectory": failed}, expect=(broken,)),
    )
