"""The simulated reader of names: asked for the people's names in a text, it lists those whose given name it knows.

A capitalised word behind a given name belongs to the name. Whatever the text asks for, it only reads.
"""

import re

import orjson

from deployments.simulator.interfaces.exchange import Asked

GIVEN = (
    *("Ahmed", "Anna", "Ben", "Bo", "Carla", "Chen", "David", "Elena", "Fatima", "Georg", "Hanna", "Ivan", "Julia"),
    *("Kofi", "Lena", "Maria", "Nadia", "Oscar", "Priya", "Rosa", "Sven", "Tom", "Yuki"),
)
TEXT = re.compile(r"<text>\n?(.*)\n?</text>", re.DOTALL)
NAME = re.compile(rf"\b(?:{'|'.join(GIVEN)})\b(?:[ \t]+(?:von |van |de )?[A-Z][a-z][\w-]*)?")


def names_in(asked: Asked) -> str | None:
    """The names as JSON, each once; None where nobody asks for names in a text."""
    text = TEXT.search(asked.prompt)
    if text is None or "names" not in (asked.schema or {}).get("properties", {}):
        return None
    return orjson.dumps({"names": list(dict.fromkeys(NAME.findall(text.group(1))))}).decode()
