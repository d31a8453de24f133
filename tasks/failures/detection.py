"""The first state of a run that failed, as code sees it.

A run ended well when its root says no failure and its last state completed. In such a run every sign was made good. In
any other, a hard sign stands unless a later span of its name has none. A soft sign stands where what it spoiled shows:
the next state never ran, or its error speaks of what it was given. A run that stopped without any standing sign stopped
at the state that ran last: what it said could not be used, which code cannot know, so this is no more than a suspicion.
What code cannot see it leaves open, to be told by a judge.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from tasks.failures.runs import Run
from tasks.failures.signs import Sign, signs_of
from tasks.failures.taxonomy import NONE, Taxonomy
from tasks.shared.step_signs.error_text import says_error

# How applications end a run that they could not finish. A long answer may have such words for something else, so there
# its first sentence has to say it.
SHORT_CHARACTERS = 160
SENTENCE_END = re.compile(r"[.!?\n]")
APOLOGY = re.compile(
    r"something went wrong|please try (?:it )?again|try (?:it )?again (?:later|in an? )"
    r"|(?:unable|not able) to (?:complete|process|finish|answer)"
    r"|(?:could not|couldn't|cannot|can't) (?:complete|process|finish) (?:your|the|this)"
    r"|an? (?:internal )?error occurred",
    re.IGNORECASE,
)
# An error that tells of what the step was given, not of the step itself.
GIVEN = re.compile(
    r"argument|parameter|invalid|validat|schema|json|pars(?:e|ing)|type ?error|key ?error|value ?error|required|missing"
    r"|unexpected|malformed|empty|bad request|\b4(?:00|22)\b|no (?:results?|documents?|context)",
    re.IGNORECASE,
)


Open = Literal["nothing", "earlier", "answer", "all"]


@dataclass(frozen=True)
class Detected:
    """What code makes of a run.

    `state` is the first that failed, or `none`; `sign` is what told it. `leaves_open` is what code cannot see:
    nothing, where a step says what went wrong with itself; whether an earlier state failed quietly, where it says that
    of what it was given; whether the answer is one, of a run that ended well without any sign; and all, of a run that
    stopped without a word, or that showed signs and ended well.
    """

    state: str
    last_success: str
    sign: Sign | None
    leaves_open: Open

    @property
    def span_id(self) -> str | None:
        """The failing span."""
        return self.sign.span_id if self.sign else None


def detected(run: Run, taxonomy: Taxonomy, expected: Collection[str] = ()) -> Detected:
    """The first failure of *run*. States *expected* of every run are suspect where a later one ran without them."""
    by_state = signs_by_state(run)
    absent = skipped(run, taxonomy, expected)
    if ended_well(run, taxonomy, by_state, expected):
        return Detected(NONE, taxonomy.states[-1], None, "all" if by_state or absent else "answer")
    standing = [sign for state, signs in by_state.items() if (sign := _standing(run, state, signs, by_state))]
    standing += absent
    if standing:
        first = min(standing, key=lambda sign: taxonomy.places[sign.state])
        left: Open = "earlier" if first.hard and GIVEN.search(first.reason) else "nothing"
        return Detected(first.state, completed_before(run, taxonomy, first.state, by_state), first, left)
    return _stopped(run, taxonomy, by_state)


def signs_by_state(run: Run) -> dict[str, list[Sign]]:
    """The signs of each state, hard ones first, that no later span of the same name took back."""
    last: dict[tuple[str, str], list[Sign]] = {}
    for step in run.steps:
        if step.state is not None:
            last[step.state, step.row["name"]] = signs_of(step)
    found: dict[str, list[Sign]] = {}
    for (state, _), signs in last.items():
        found.setdefault(state, []).extend(signs)
    return {state: sorted(signs, key=lambda sign: not sign.hard) for state, signs in found.items() if signs}


def ended_well(run: Run, taxonomy: Taxonomy, by_state: dict[str, list[Sign]], expected: Collection[str] = ()) -> bool:
    """Whether the root tells of no failure, and the last state completed where every good run has it."""
    said = answer_of(run)
    if run.root["status_code"] == "ERROR" or says_error(said) or apologises(said):
        return False
    last = taxonomy.states[-1]
    if any(sign.hard for sign in by_state.get(last, ())):
        return False
    return run.step_of(last) is not None or (bool(expected) and last not in expected)


def answer_of(run: Run) -> str:
    """What the run said at its end: the root's output, of a root that records none that of the state which ran last."""
    visited = run.visited()
    last = run.step_of(visited[-1]) if visited else None
    return run.root["output_head"] or (last.row["output_head"] if last else None) or ""


def apologises(said: str) -> bool:
    """Whether an application says that it could not finish."""
    text = said.strip()
    opening = text if len(text) <= SHORT_CHARACTERS else SENTENCE_END.split(text, maxsplit=1)[0]
    return APOLOGY.search(opening) is not None


def skipped(run: Run, taxonomy: Taxonomy, expected: Collection[str]) -> list[Sign]:
    """A sign for each state that was expected, has no span, and has a later one that ran."""
    visited = set(run.visited())
    furthest = max((taxonomy.places[state] for state in visited), default=-1)
    return [
        Sign("missing", state, None, f"the run went on to {taxonomy.states[furthest]} without it")
        for state in taxonomy.states[: max(furthest, 0)]
        if state in expected and state not in visited
    ]


def expected_states(runs: Iterable[Run], taxonomy: Taxonomy, share: float) -> frozenset[str]:
    """States that at least a *share* of the *runs* that ended well have; without such runs, none."""
    good = [set(run.visited()) for run in runs if ended_well(run, taxonomy, signs_by_state(run))]
    least = max(1.0, share * len(good))
    return frozenset(state for state in taxonomy.states if sum(state in one for one in good) >= least)


def completed_before(run: Run, taxonomy: Taxonomy, state: str, by_state: dict[str, list[Sign]]) -> str:
    """The last state before *state* that ran without a hard sign; `none` where there is none."""
    visited = set(run.visited())
    for earlier in reversed(taxonomy.states[: taxonomy.places[state]]):
        if earlier in visited and not any(sign.hard for sign in by_state.get(earlier, ())):
            return earlier
    return NONE


def _standing(run: Run, state: str, signs: list[Sign], by_state: dict[str, list[Sign]]) -> Sign | None:
    """The sign of *state* that nothing made good; None where all was."""
    if signs[0].hard:
        return signs[0]
    visited = run.visited()
    after = visited[visited.index(state) + 1 :]
    if not after:
        return signs[0]
    hard = next((sign for sign in by_state.get(after[0], ()) if sign.hard), None)
    return signs[0] if hard is not None and GIVEN.search(hard.reason) else None


def _stopped(run: Run, taxonomy: Taxonomy, by_state: dict[str, list[Sign]]) -> Detected:
    """The run stopped, and no step says why."""
    visited = run.visited()
    if not visited:
        first = Sign("missing", taxonomy.states[0], None, "the run has no span of any state")
        return Detected(first.state, NONE, first, "all")
    last = visited[-1]
    step = run.step_of(last)
    reason = f"the run stopped after it: {' '.join((run.root['output_head'] or 'without an answer').split())[:200]}"
    sign = Sign("stopped", last, step.span_id if step else None, reason)
    return Detected(last, completed_before(run, taxonomy, last, by_state), sign, "all")
