"""What a detector finds: where it stands, and the one form of the value that all its spellings share."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tasks.shared.anonymise.masks import BLANK
from tasks.shared.settings import AnonymiseSettings

# Neither inside of a word or number, nor behind a decimal point.
BEGIN = r"(?<![A-Za-z0-9_])(?<!\d\.)"
END = r"(?![A-Za-z0-9_])"


class Found(NamedTuple):
    """`text[start:end]` is to be masked as `value`."""

    start: int
    end: int
    value: str


Finder = Callable[[str, AnonymiseSettings], Iterator[Found]]


class Detector(NamedTuple):
    """Finds one kind of personal data or secrets."""

    kind: str
    find: Finder


def after(words: str, value: str, gap: int = 25) -> re.Pattern[str]:
    """Pattern of *value* (group 1) at most *gap* characters, none of them a digit, after one of *words*."""
    return re.compile(rf"(?i)(?<![a-z])(?:{words})(?![a-z])[^\d\n{BLANK}]{{0,{gap}}}?{BEGIN}({value}){END}")


def digits_of(text: str) -> str:
    """The digits of *text* alone."""
    return "".join(c for c in text if c.isdigit())
