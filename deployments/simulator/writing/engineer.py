"""The simulated prompt engineer: asked for improved prompts in a JSON schema, it proposes some that are better.

Its proposals are made of the sections it finds in the request (`<task>...</task>`) and of right SQL for the simulated
questions told there, such as the failing ones. In this order, as many as are asked for:

1. names checked against the schema, and an example for every kind of question told: better
2. a friendlier tone: no better
3. names checked against the schema, the examples as they are: better
4. haste, without examples: worse
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from deployments.simulator.interfaces.exchange import Asked
from deployments.simulator.judging.labels import first_labels
from deployments.simulator.known_questions import questions_in

TASK = (
    "You write PostgreSQL for a device-telemetry database.\n"
    "Answer with one SELECT statement and nothing else.\n"
    "Do not answer what is not about device telemetry, would change data, or would expose personal data or "
    "credentials: say that you cannot help with it, and why."
)
RULE = "Use only tables and columns that the schema has; check every name before you answer."
TONE = "Be kind and helpful. People rely on you."
HASTE = "You write PostgreSQL. Be quick: a plausible query is good enough. Where you are not sure, guess."
MOST_EXAMPLES = 10
SECTION = re.compile(r"<(\w+)>\n?(.*?)\n?</\1>", re.DOTALL)
COUNT = re.compile(
    r"\b(\d+|two|three|four|five|six)\b[^.\n]{0,30}\b(?:prompts?|candidates?|variants?)\b", re.IGNORECASE
)
WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
USUAL_COUNT = 4


@dataclass(frozen=True)
class Proposal:
    """An improved prompt."""

    name: str
    why: str
    task: str
    examples: str


def proposals_for(asked: Asked) -> str | None:
    """Improved prompts as JSON, or None where the schema is not one for a list of prompts."""
    if not asked.schema or first_labels(asked.schema) is not None:
        return None
    properties: Mapping[str, Any] = asked.schema.get("properties", {})
    lists = {name: part for name, part in properties.items() if part.get("type") == "array" and is_prompt(part)}
    if not lists:
        return None
    sections = dict(SECTION.findall(asked.prompt))
    value: dict[str, Any] = {}
    for name, part in properties.items():
        offered = proposals(sections, asked.prompt)[: count_in(part, asked.prompt)] if name in lists else []
        value[name] = [filled_in(part["items"], each, sections) for each in offered] if name in lists else "Simulated."
    return orjson.dumps(value).decode()


def is_prompt(part: Mapping[str, Any]) -> bool:
    """Whether an array's items are prompts."""
    return bool({"task", "prompt", "template", "messages", "system"} & set(part.get("items", {}).get("properties", {})))


def count_in(part: Mapping[str, Any], prompt: str) -> int:
    """How many prompts are asked for: by the schema, else in words, else four."""
    told = COUNT.findall(prompt)  # the last one: whoever shows data first asks at the end
    number = WORDS.get(told[-1].lower()) or int(told[-1]) if told else USUAL_COUNT
    return int(part.get("maxItems") or part.get("minItems") or number)


def proposals(sections: Mapping[str, str], prompt: str) -> Sequence[Proposal]:
    """Every proposal, in the order it is made."""
    task, examples = sections.get("task", TASK), sections.get("examples", "")
    return (
        Proposal("checked-names", "Names are checked, and every kind of question that failed is shown.",
                 f"{task}\n{RULE}", examples_of(prompt)),
        Proposal("kinder", "A kinder tone may help.", f"{task}\n{TONE}", examples),
        Proposal("rule-only", "Names are checked; the examples stay.", f"{task}\n{RULE}", examples),
        Proposal("brief", "Short prompts are cheap.", HASTE, ""),
    )  # fmt: skip


def examples_of(prompt: str) -> str:
    """Right SQL for the first question of every kind told in *prompt*."""
    kinds = {}
    for found in questions_in(prompt):
        if found.question is not None:
            kinds.setdefault(found.question.text, found)
    shown = list(kinds.values())[:MOST_EXAMPLES]
    return "\n\n".join(f"Question: {found.text}\nSQL:\n{found.written('good')}" for found in shown)


def filled_in(items: Mapping[str, Any], proposal: Proposal, sections: Mapping[str, str]) -> dict[str, Any]:
    """A proposal in the properties that the schema wants; a section it does not change stays as it was told."""
    whole = f"{proposal.task}\n\n# Schema\n{{{{schema}}}}\n\n# Examples\n{proposal.examples or 'None.'}"
    texts = {
        **sections,
        "name": proposal.name,
        "task": proposal.task,
        "examples": proposal.examples,
        **dict.fromkeys(("prompt", "template", "system", "content"), whole),
    }
    return {name: texts.get(name, proposal.why) for name in items.get("properties", {})}
