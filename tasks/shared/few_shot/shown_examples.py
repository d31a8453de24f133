"""The examples that a prompt shows, in one fixed form, so that they can be told apart again. Pure.

Question: How many devices are active?
SQL:
SELECT count(*) ...

Question: ...
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

BEGIN = re.compile(r"(?:\A|\n\n)Question: ")


@dataclass(frozen=True)
class ShownExample:
    """A question and its right answer, as a prompt shows them."""

    question: str
    answer: str


def written(examples: Sequence[ShownExample], label: str = "Answer") -> str:
    """*examples* in the fixed form, the answers under *label* (Answer, SQL)."""
    return "\n\n".join(f"Question: {each.question.strip()}\n{label}:\n{each.answer.strip()}" for each in examples)


def parsed(text: str) -> tuple[list[ShownExample], str] | None:
    """The examples that *text* shows in the fixed form, and the label of their answers; None for any other form."""
    before, *blocks = BEGIN.split(text.strip())
    found, labels = [], set()
    for block in blocks:
        question, _, rest = block.partition("\n")
        label, colon, answer = rest.partition(":\n")
        if not colon or not re.fullmatch(r"\w+", label):
            return None
        labels.add(label)
        found.append(ShownExample(question.strip(), answer.strip()))
    return (found, labels.pop()) if not before.strip() and len(labels) == 1 else None
