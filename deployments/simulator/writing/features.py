"""What the simulated SQL writer sees in a prompt, by simple rules."""

import re
from dataclasses import dataclass
from typing import Literal

from deployments.simulator.known_questions import SORTS, Found, questions_in, squeezed

TABLES = ("sites", "devices", "telemetry", "alerts", "firmware_updates", "maintenance_visits")
DESCRIBED = re.compile(r"^\s+(?:\w+)\s+[\w ()]+.*--\s*\w", re.MULTILINE)
LEAST_DESCRIBED = 10  # columns, of 33
RULE = re.compile(
    r"\bonly\b[^.\n]{0,40}\b(?:tables?|columns?|names?)\b|\b(?:check|verify)\b[^.\n]{0,30}\b(?:column|name|table)|"
    r"\bnever (?:invent|make up)\b[^.\n]{0,40}\b(?:tables?|columns?|names?)\b",
    re.IGNORECASE,
)
CARELESS = re.compile(
    r"(?<!not )(?<!n't )(?<!never )\bguess\b|\bplausible\b|\bgood enough\b|\bbe quick\b|\bas (?:fast|quickly) as\b|"
    r"\bdo(?:n't| not) (?:check|worry|overthink)\b",
    re.IGNORECASE,
)
Likeness = Literal["right", "wrong", "none"]


@dataclass(frozen=True)
class Features:
    """Features of a prompt.

    Attributes:
        schema: All tables of the schema are told.
        descriptions: Its columns are described.
        examples: How many simulated questions are shown with SQL.
        like: Whether one of them is of the same kind as the question asked, and whether the SQL of the best is right.
        rule: The task says to use only names that the schema has.
        careless: The task asks to guess, or to be quick.
    """

    schema: bool
    descriptions: bool
    examples: int
    like: Likeness
    rule: bool
    careless: bool


def features_of(prompt: str, asked: Found) -> Features:
    """What *prompt* offers for the question *asked* in it."""
    shown = examples_in(prompt, asked)
    sorts = {sort for found, sort in shown if found.question == asked.question}
    return Features(
        schema=all(re.search(rf"\b{table}\s*\(", prompt) for table in TABLES),
        descriptions=len(DESCRIBED.findall(prompt)) >= LEAST_DESCRIBED,
        examples=len(shown),
        like="right" if "right" in sorts else "wrong" if sorts else "none",
        rule=RULE.search(prompt) is not None,
        careless=CARELESS.search(prompt) is not None,
    )


def examples_in(prompt: str, asked: Found) -> list[tuple[Found, Likeness]]:
    """The questions before the one *asked* that SQL follows, each with whether that is right."""
    found = questions_in(prompt)
    ends = [each.start for each in found[1:]] + [len(prompt)]
    told = [(each, sql_shown(each, prompt[each.end : end])) for each, end in zip(found, ends, strict=True)]
    return [(each, right) for each, right in told if right != "none" and each.start != asked.start]


def sql_shown(found: Found, after: str) -> Likeness:
    """Whether the text *after* a question begins with its right SQL, or with other SQL."""
    if found.question is None or not re.search(r"\b(?:select|with)\b", after, re.IGNORECASE):
        return "none"
    text = squeezed(after)
    known = [sort for sort in SORTS if squeezed(found.written(sort)) in text]
    return "right" if "good" in known else "wrong"
