"""From units to what is asked about them: which are judged, and the prompt of each."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from tasks.evaluate.judge import Judge
from tasks.evaluate.tags import harmless, tags_of
from tasks.evaluate.units import spelled_out
from tasks.shared.gateways.llm import Prompt
from tasks.shared.records import Status
from tasks.shared.statistics.sampling import kept

Messages = list[dict[str, str]]
INPUT, STRATUM = "input_", "stratum_"


@dataclass(frozen=True)
class Case:
    """A unit to be judged: its place among the units, and what is asked. `swapped`: a pairwise judge's second order."""

    place: int
    messages: Messages
    swapped: Messages | None = None

    @property
    def digest(self) -> str:
        """Of the rendered prompt; equal prompts have equal verdicts."""
        return prompt_digest(self.messages)

    @property
    def orders(self) -> list[Messages]:
        """What is asked: once, or in both orders."""
        return [self.messages] if self.swapped is None else [self.messages, self.swapped]


@dataclass(frozen=True)
class Plan:
    """Each unit's inclusion probability and stratum, the cases, and the units that are no case with the reason."""

    probabilities: Sequence[float]
    strata: Sequence[str]
    cases: Sequence[Case]
    left_out: Mapping[int, tuple[Status, str]]


def needed_sql(judge: Judge) -> dict[str, str]:
    """What a judge has to know of a unit, as SQL by column: its inputs, the strata it is in, whether it applies."""
    inputs = {INPUT + variable: sql for variable, sql in judge.input_sql().items()}
    strata = {STRATUM + name: stratum.where for name, stratum in judge.sampling.strata.items()}
    questions = {**strata, "not_applicable": judge.not_applicable}
    return inputs | {name: f"coalesce({spelled_out(sql, judge.unit)}, false)" for name, sql in questions.items()}


def planned(judge: Judge, units: pa.Table, salt: str = "") -> Plan:
    """Decide for each of *units* (`unit_id`, `trace_id` and the columns of `needed_sql`) whether it is asked about.

    Sampling goes by the trace, so that all judges see the same ones; a session is its own.
    """
    probabilities, strata, cases = [], [], []
    left_out: dict[int, tuple[Status, str]] = {}
    for place, unit in enumerate(units.to_pylist()):
        probability, stratum = _inclusion(judge, unit)
        probabilities.append(probability)
        strata.append(stratum)
        if reason := _not_applicable(judge, unit):
            left_out[place] = ("not_applicable", reason)
        elif not kept(unit["trace_id"] or unit["unit_id"], probability, salt):
            left_out[place] = ("sampled_out", f"not in the sample of {probability:g}")
        else:
            cases.append(_case(judge, place, {name: unit[INPUT + name] for name in judge.inputs}))
    return Plan(probabilities, strata, cases, left_out)


def rendered(prompt: Prompt, values: Mapping[str, str]) -> Messages:
    """The prompt with *values* in it, none of which can close the tags that the prompt puts around them."""
    tags = tags_of(message["content"] for message in prompt.messages)
    return prompt.render({name: harmless(value, tags) for name, value in values.items()})


def prompt_digest(messages: Messages) -> str:
    """32 hex digits."""
    return hashlib.sha256(orjson.dumps(messages)).hexdigest()[:32]


def _case(judge: Judge, place: int, values: Mapping[str, str]) -> Case:
    messages = rendered(judge.prompt, values)
    if judge.swap is None:
        return Case(place, messages)
    one, other = judge.swap.inputs
    return Case(place, messages, rendered(judge.prompt, {**values, one: values[other], other: values[one]}))


def _inclusion(judge: Judge, unit: Mapping[str, Any]) -> tuple[float, str]:
    """The highest rate that holds for the unit, and the stratum it comes from (empty: the judge's own rate).

    A unit that was drawn before and is owed since keeps what it was drawn with: its peers that were left out then stay
    out, whatever stratum they are in by now.
    """
    if unit.get("drawn_with") is not None:
        return unit["drawn_with"], unit["drawn_from"] or ""
    rates = {"": judge.sampling.rate}
    rates |= {name: s.rate for name, s in judge.sampling.strata.items() if unit[STRATUM + name]}
    stratum = max(rates, key=lambda name: rates[name])
    return rates[stratum], stratum


def _not_applicable(judge: Judge, unit: Mapping[str, Any]) -> str:
    if unit["not_applicable"]:
        return f"not applicable: {' '.join(judge.not_applicable.split())}"
    missing = [name for name in judge.inputs if not (unit[INPUT + name] or "").strip()]
    return f"nothing to judge: {', '.join(missing)} missing" if missing else ""
