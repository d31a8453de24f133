"""What a detector sees and what it finds: where that stands, and the one form of the value that all spellings share."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tasks.shared.anonymise.masks import BLANK

# Neither inside of a word or number, nor behind a decimal point.
BEGIN = r"(?<![A-Za-z0-9_])(?<!\d\.)"
END = r"(?![A-Za-z0-9_])"
# `BEGIN` behind the first character, which makes the search for it twice as fast.
BEGUN = r"(?<![A-Za-z0-9_].)(?<!\d\..)"
NO_LETTERS = {code: " " for code in range(128) if not chr(code).isalpha()}


class Sight(NamedTuple):
    """A text to look through. `words` are its words in lower case, a space before each: a cheap hint what it is about.

    `text` has blanks where nothing more is to be found; it is as long as the original.
    """

    text: str
    words: str
    phone_regions: tuple[str, ...]

    def speaks_of(self, phrases: Iterable[str]) -> bool:
        """Whether a word begins with, or words in a row are, one of *phrases*."""
        return any(f" {phrase}" in self.words for phrase in phrases)


class Found(NamedTuple):
    """`text[start:end]` is to be masked as `value`."""

    start: int
    end: int
    value: str


class Detector(NamedTuple):
    """Finds one kind of personal data or secrets."""

    kind: str
    find: Callable[[Sight], Iterator[Found]]


def words_of(text: str) -> str:
    """The words of *text* in lower case, a space before each.

    >>> words_of('{"Steuer-ID": 7}').split()
    ['steuer', 'id']
    """
    return " " + " ".join(text.lower().translate(NO_LETTERS).split())


def after(phrases: Iterable[str], value: str, gap: int = 25) -> re.Pattern[str]:
    """Pattern of *value* (group 1) at most *gap* characters, none of them a digit, after one of *phrases*.

    A phrase is whole words in lower case; between two may be a mark, or nothing (`phone number` of `phoneNumber`).
    """
    called = "|".join(phrase.replace(" ", r"[^\w\n]{0,2}_?") for phrase in phrases)
    return re.compile(rf"(?i)(?<![a-z])(?:{called})(?![a-z])[^\d\n+{BLANK}]{{0,{gap}}}?{BEGIN}({value}){END}")


def digits_of(text: str) -> str:
    """The digits of *text* alone."""
    return "".join(c for c in text if c.isdigit())
