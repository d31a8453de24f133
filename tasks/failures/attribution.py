"""By whose word a run failed at a state: the label on it, else code and judge together.

The rule, in this order (`benchmarks/failures.py` measures it beside code alone and the judge alone):
1. A label is the truth.
2. The judge is heard on what code leaves open, and on nothing else: whether an earlier state failed quietly where a
   step's error speaks of what it was given; whether the answer of a run that ended well is one (then the last state
   failed); and everything of a run that stopped without a word, or that showed signs and ended well.
3. Else, and without a verdict, what code saw counts.

So a judge that errs on runs where code is certain does no harm: most runs are such.
"""

from dataclasses import dataclass
from typing import Any, Literal

from tasks.failures.detection import Detected
from tasks.failures.labels import Label
from tasks.failures.runs import Run
from tasks.failures.taxonomy import NONE, Taxonomy

Source = Literal["label", "code", "judge"]


@dataclass(frozen=True)
class Verdict:
    """The judge's decision on a run; `state` is None where it has none of the states."""

    status: str
    state: str | None = None
    explanation: str = ""


@dataclass(frozen=True)
class Attribution:
    """Where a run failed and by whose word."""

    state: str
    last_success: str
    span_id: str | None
    source: Source
    explanation: str


def combined(run: Run, code: Detected, judge: Verdict | None, taxonomy: Taxonomy) -> Attribution:
    """What code and judge say together."""
    said = judge.state if judge else None
    if judge is None or said is None or said == code.state:
        return _by_code(code, judge if said else None)
    if not _heard(said, code, taxonomy):
        return _by_code(code, None)
    return _by_judge(run, said, judge.explanation, taxonomy)


def labelled(run: Run, found: Attribution, label: Label, taxonomy: Taxonomy) -> Attribution:
    """The attribution of a run with a label; why it failed is told by who *found* the same state."""
    told, why = found, found.explanation
    if label.state != found.state:
        why = f"labelled so; the analysis finds {found.state}" + (f": {found.explanation}" if found.explanation else "")
        told = _by_judge(run, label.state, why, taxonomy)
    return Attribution(label.state, label.last_success or told.last_success, told.span_id, "label", why)


def _by_code(code: Detected, agreeing: Verdict | None) -> Attribution:
    why = code.sign.reason if code.sign else ""
    if agreeing and agreeing.explanation and code.state != NONE:
        why = f"{why}. {agreeing.explanation}" if why else agreeing.explanation
    return Attribution(code.state, code.last_success, code.span_id, "code", why)


def _by_judge(run: Run, state: str, explanation: str, taxonomy: Taxonomy) -> Attribution:
    """The state with the last of its spans; the last success is the last state before it that ran."""
    if state == NONE:
        return Attribution(NONE, taxonomy.states[-1], None, "judge", explanation)
    visited, step = set(run.visited()), run.step_of(state)
    before = [one for one in taxonomy.states[: taxonomy.places[state]] if one in visited]
    return Attribution(state, before[-1] if before else NONE, step.span_id if step else None, "judge", explanation)


def _heard(said: str, code: Detected, taxonomy: Taxonomy) -> bool:
    """Whether code leaves open what the judge says."""
    match code.leaves_open:
        case "all":
            return True
        case "answer":
            return said == taxonomy.states[-1]
        case "earlier":
            return said != NONE and taxonomy.places[said] < taxonomy.places[code.state]
    return False


def verdict_of(decision: dict[str, Any], taxonomy: Taxonomy) -> Verdict:
    """A row of `decisions` as a verdict; a label that the taxonomy does not know is none."""
    label = decision["label"]
    known = decision["status"] == "scored" and (label in taxonomy.places or label == NONE)
    return Verdict(decision["status"], label if known else None, (decision["explanation"] or "") if known else "")
