"""Near-duplicates: texts that share most of their five-letter pieces.

MinHash finds candidates (Broder 1997, "On the resemblance and containment of documents"; bands as in Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", 3.4.2), and the exact share of pieces decides, so nothing is taken
for a duplicate by chance. Two texts at a similarity of 0.8 are missed once in 20 million times, at 0.7 once in 6,500.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.shared.anonymise import without_digests

LETTERS = 5
BANDS, ROWS = 32, 4
SEED = 1
UNWORDED = re.compile(r"[^\w<>]+")


@dataclass(frozen=True)
class Twin:
    """What a text repeats: the text at position `of`, in `known` or in the texts themselves."""

    of: int
    known: bool
    similarity: float


def twins(texts: Sequence[str], known: Sequence[str] = (), *, similarity: float = 0.8) -> list[Twin | None]:
    """For each of *texts* the one before it, or of *known*, that it repeats; None for the ones to keep.

    The first of several alike is kept, so put the best first. Only kept texts are compared with. Of several that a
    text repeats, the most similar counts, then *known* before *texts*, then the first. The same texts always give the
    same answer.
    """
    index = _Index(similarity)
    found: list[Twin | None] = []
    for position, text in enumerate((*known, *texts)):
        form = normalised(text)
        nearest = index.nearest(form)
        if nearest is None:
            index.add(position, form)
        if position >= len(known):
            found.append(nearest and _twin(*nearest, len(known)))
    return found


def distinct(texts: Sequence[str], known: Sequence[str] = (), *, similarity: float = 0.8) -> list[int]:
    """Positions of the *texts* to keep, in order."""
    return [i for i, twin in enumerate(twins(texts, known, similarity=similarity)) if twin is None]


def resembling(texts: Sequence[str], known: Sequence[str], *, similarity: float = 0.8) -> list[Twin | None]:
    """For each of *texts* the most similar of *known* that it repeats, whatever the other texts are; None for none."""
    index = _Index(similarity)
    for position, text in enumerate(known):
        form = normalised(text)
        if form not in index:
            index.add(position, form)
    nearest = (index.nearest(normalised(text)) for text in texts)
    return [found and Twin(found[0], True, found[1]) for found in nearest]


def normalised(text: str) -> str:
    """What is compared: words in lower case, masks without who, no punctuation.

    >>> normalised("Show  ALL devices, please! <EMAIL_bcdfghjk>")
    'show all devices please <email>'
    """
    return UNWORDED.sub(" ", unicodedata.normalize("NFKC", without_digests(text)).casefold()).strip()


def pieces(form: str) -> frozenset[str]:
    """Every run of five letters of a normalised text; a shorter text is its own piece."""
    return frozenset(form[i : i + LETTERS] for i in range(max(1, len(form) - LETTERS + 1)))


def resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index: shared pieces over all pieces, 0 to 1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _twin(position: int, similarity: float, known: int) -> Twin:
    return Twin(position, True, similarity) if position < known else Twin(position - known, False, similarity)


class _Index:
    """The kept texts by position, to find the nearest among."""

    def __init__(self, similarity: float) -> None:
        from datasketch import MinHash, MinHashLSH

        self.similarity = similarity
        self._empty = MinHash(num_perm=BANDS * ROWS, seed=SEED, hashfunc=zlib.crc32)
        self._bands = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
        self._exact: dict[str, int] = {}
        self._pieces: dict[int, frozenset[str]] = {}

    def __contains__(self, form: str) -> bool:
        return form in self._exact

    def add(self, position: int, form: str) -> None:
        self._exact[form] = position
        self._pieces[position] = pieces(form)
        self._bands.insert(position, self._sketch(self._pieces[position]))

    def nearest(self, form: str) -> tuple[int, float] | None:
        """Position and similarity of the most similar kept text that is similar enough."""
        if form in self._exact:
            return self._exact[form], 1.0
        of_text = pieces(form)
        candidates = {p: resemblance(of_text, self._pieces[p]) for p in self._bands.query(self._sketch(of_text))}
        best = min(candidates.items(), key=lambda item: (-item[1], item[0]), default=None)
        return best if best and best[1] >= self.similarity else None

    def _sketch(self, of_text: Iterable[str]) -> Any:
        sketch = self._empty.copy()
        sketch.update_batch([piece.encode("utf-8", "surrogatepass") for piece in of_text])
        return sketch
