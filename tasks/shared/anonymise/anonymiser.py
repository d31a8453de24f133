"""Masks what of texts and JSON values is somebody's: found by form and checksum, the same value by the same mask."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.shared.anonymise.detectors import BEFORE_IDS, HAS_DIGIT, NOBODYS, NUMBERS
from tasks.shared.anonymise.found import Detector, Sight, words_of
from tasks.shared.anonymise.masks import BLANK, blanked, mask, opaque_blanked
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import AnonymiseSettings

SPACE = r"\s+"
SHORTEST_KEY = 16
# A number of fewer digits alone is nobody's.
SMALLEST_NUMBER = 10**8


class Anonymiser:
    """Masks texts of one dataset. Pure but for `counts`: how often a value of each kind was masked.

    `text` and `value` are idempotent, and do not depend on what was seen before.
    """

    def __init__(self, key: bytes, dataset: str, settings: AnonymiseSettings) -> None:
        """*key* is secret and at least 16 bytes; another key or dataset gives other masks."""
        if len(key) < SHORTEST_KEY:
            raise ConfigurationError(f"the key of masks has {len(key)} bytes. Give it {SHORTEST_KEY} or more.")
        self.key, self.dataset, self.settings = key, dataset, settings
        self.counts: Counter[str] = Counter()
        self._dropped = frozenset(tuple(path.split(".")) for path in settings.dropped_fields)

    def text(self, text: str, names: Iterable[str] = ()) -> str:
        """*text* with masks; *names* (as somebody read them in it) are masked, too."""
        return self._masked(text, "", _by_names(names))

    def value(self, value: Any, names: Iterable[str] = ()) -> Any:
        """The JSON *value* with its texts and long numbers masked and the settings' fields left out.

        A field's name speaks for what it holds: `{"phone": "030 901820"}`. A text that is a JSON object or list loses
        the settings' fields, too.
        """
        return self._value(value, (), _by_names(names))

    def _value(self, value: Any, path: tuple[str, ...], names: re.Pattern[str] | None) -> Any:
        if isinstance(value, Mapping):
            return {
                self._masked(str(name), "", names): self._value(held, (*path, str(name)), names)
                for name, held in value.items()
                if (*path, str(name)) not in self._dropped
            }
        if isinstance(value, str):
            return self._masked(self._without_fields(value, path), path[-1] if path else "", names)
        if isinstance(value, Sequence):
            return [self._value(held, path, names) for held in value]
        if isinstance(value, int | float) and abs(value) >= SMALLEST_NUMBER and value == value // 1:
            said = str(int(value))
            masked = self._masked(said, path[-1] if path else "", None)
            return value if masked == said else masked
        return value

    def _without_fields(self, text: str, path: tuple[str, ...]) -> str:
        """*text* without the dropped fields, where it is JSON that has some; else as it is."""
        if not self._dropped or text.lstrip()[:1] not in {"{", "["}:
            return text
        try:
            held = json.loads(text)
        except ValueError:
            return text
        # A field counts from the text's own beginning, and from the value's that holds the text.
        kept = without_fields(without_fields(held, self._dropped), self._dropped, path)
        return text if kept == held else json.dumps(kept, ensure_ascii=False)

    def _masked(self, text: str, field: str, names: re.Pattern[str] | None) -> str:
        """Mask until nothing is found: a mask may end the word in which the next value was hidden."""
        before = f"{field}: " if field else ""
        while True:
            whole, parts, end = before + text, list[str](), len(before)
            for start, stop, kind, value in sorted(self._found(whole, names), key=lambda one: (one[0], -one[1])):
                if stop > end:
                    parts += [whole[end : max(start, end)], mask(self.key, self.dataset, kind, value)]
                    self.counts[kind] += 1
                    end = stop
            if not parts:
                return text
            text = "".join(parts) + whole[end:]

    def _found(self, text: str, names: re.Pattern[str] | None) -> list[tuple[int, int, str, str]]:
        """Start, end, kind and value of what is to be masked; nothing overlaps."""
        found: list[tuple[int, int, str, str]] = []
        canvas, words = opaque_blanked(text), words_of(text)
        for detector in BEFORE_IDS:
            canvas = self._look(detector, canvas, words, found)
        if HAS_DIGIT.search(canvas):
            canvas = NOBODYS.sub(lambda match: BLANK * len(match[0]), canvas)
            for detector in NUMBERS:
                canvas = self._look(detector, canvas, words, found)
        if names:
            found += [(*name.span(), "NAME", _one_form(name[0])) for name in names.finditer(canvas)]
        return found

    def _look(self, detector: Detector, canvas: str, words: str, found: list[tuple[int, int, str, str]]) -> str:
        """Add to *found*; returns the canvas without it."""
        seen = list(detector.find(Sight(canvas, words, self.settings.phone_regions)))
        found += [(start, end, detector.kind, value) for start, end, value in seen]
        return blanked(canvas, [(start, end) for start, end, _ in seen]) if seen else canvas


def without_fields(value: Any, dropped: frozenset[tuple[str, ...]], path: tuple[str, ...] = ()) -> Any:
    """The JSON *value* at *path* without the fields at *dropped* paths; lists have no name of their own."""
    if isinstance(value, dict):
        return {
            name: without_fields(held, dropped, (*path, name))
            for name, held in value.items()
            if (*path, name) not in dropped
        }
    return [without_fields(held, dropped, path) for held in value] if isinstance(value, list) else value


def _by_names(names: Iterable[str]) -> re.Pattern[str] | None:
    """Whole words that are one of *names*, the longest first, with any space between; None for none."""
    written: dict[str, set[str]] = {}
    for name in names:
        written.setdefault(_one_form(name), set()).add(name.strip())
    forms = sorted((form for form in written if len(form) > 1), key=lambda form: (-len(form), form))
    chosen = [_spellings(form, written[form]) for form in forms]
    return re.compile(rf"(?<!\w)(?:{'|'.join(chosen)})(?!\w)") if chosen else None


def _spellings(form: str, written: Iterable[str]) -> str:
    """A pattern of a name: as written, capitalised, or in capitals; of several words in any case.

    Who is called Will or May does not take `will` and `may` out of every sentence and every query.
    """
    words = form.split()
    if len(words) > 1:
        return f"(?i:{SPACE.join(map(re.escape, words))})"
    found = {each for name in written for each in (name, name.capitalize(), name.title(), name.upper())}
    return "|".join(map(re.escape, sorted(found)))


def _one_form(name: str) -> str:
    return " ".join(name.split()).casefold()
