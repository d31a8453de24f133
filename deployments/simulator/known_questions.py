"""Finds the simulated questions in any text, and tells the truth about SQL that answers one, without a truth file."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from deployments.simulator.questions import QUESTIONS, REFUSED, Question, Sort

SORTS: tuple[Sort, ...] = ("good", "unknown_column", "wrong_logic")
SQL = re.compile(r"^\W*(?:[a-z][\w ]{0,20}:\s*)?(?:select\s|with\s+\w+\s*(?:\([^()]*\)\s*)?as\b)", re.I | re.M)
PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
FENCE = re.compile(r"```(?:\w+\n)?")


@dataclass(frozen=True)
class Found:
    """A simulated question in a text.

    Attributes:
        text: As it stands there.
        start: Where it begins.
        end: Where it ends.
        values: What stands for its placeholders.
        question: The question; None for one that is refused.
        reason: Why it is refused.
    """

    text: str
    start: int
    end: int
    values: dict[str, str]
    question: Question | None
    reason: str = ""

    def written(self, sort: Sort) -> str:
        """SQL of that *sort*; the refusal where none answers it."""
        if self.question is None:
            return refusal(self.reason)
        return self.question.written(sort, self.values)

    def sort_of(self, sql: str) -> Sort | None:
        """How right *sql* is as its answer; None for what is none of the answers that simulated models write."""
        if self.question is None:
            return None
        text = squeezed(sql)
        return next((sort for sort in SORTS if squeezed(self.written(sort)) == text), None)


def refusal(reason: str) -> str:
    """How the simulated chat refuses."""
    return f"I'm sorry, but I can't help with that: {reason}."


@cache
def patterns() -> tuple[tuple[re.Pattern[str], Question | None, str], ...]:
    """A pattern for each question, and for each that is refused with the reason."""
    asked = [(pattern_of(question.text), question, "") for question in QUESTIONS]
    return (*asked, *((pattern_of(text), None, reason) for text, reason in REFUSED))


def pattern_of(text: str) -> re.Pattern[str]:
    """A pattern that finds the question *text* with any values; white space does not matter."""
    escaped = re.escape(" ".join(text.split())).replace(r"\ ", r"\s+")
    return re.compile(PLACEHOLDER.sub(r"(?P<\1>[^\\n?]{1,60}?)", escaped))


@lru_cache(16)
def questions_in(text: str) -> tuple[Found, ...]:
    """Every simulated question in *text*, in order."""
    found = [
        Found(match[0], match.start(), match.end(), match.groupdict(), question, reason)
        for pattern, question, reason in patterns()
        for match in pattern.finditer(text)
    ]
    return tuple(sorted(found, key=lambda each: each.start))


def open_question(text: str) -> Found | None:
    """The question that *text* wants answered: the last one in it, where no SQL follows."""
    found = questions_in(text)
    return found[-1] if found and not SQL.search(text, found[-1].end) else None


def squeezed(sql: str) -> str:
    """*sql* without fences, escapes of JSON, needless white space and the last semicolon."""
    text = FENCE.sub(" ", sql).replace("\\n", " ").replace('\\"', '"')
    return " ".join(text.split()).rstrip("; ")
