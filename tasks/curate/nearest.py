"""How similar a question is to the most similar of others: what the dataset has nothing like is a new topic."""

import re
from collections.abc import Sequence
from typing import Any

from tasks.shared.near_duplicates import normalised

ROWS_AT_ONCE = 1000
NUMBER = re.compile(r"\d+")


def nearest(texts: Sequence[str], held: Sequence[str]) -> list[float]:
    """For each of *texts* the cosine similarity, 0 to 1, to the most similar of *held*; 1 where there is none."""
    if not texts or not held:
        return [1.0] * len(texts)
    vectors = vectors_of([*held, *texts])
    of_held = vectors[: len(held)].T
    found: list[float] = []
    for start in range(len(held), len(held) + len(texts), ROWS_AT_ONCE):
        found += (vectors[start : start + ROWS_AT_ONCE] @ of_held).max(axis=1).toarray().ravel().tolist()
    return [min(1.0, value) for value in found]


def vectors_of(texts: Sequence[str]) -> Any:
    """A sparse row of unit length (shape: texts by pieces) for each text; of an empty text it is all zeros.

    Pieces are three to five letters within words, weighed by how rare they are (TF-IDF: K. Sparck Jones (1972), A
    statistical interpretation of term specificity and its application in retrieval, Journal of Documentation 28,
    11-21). Unlike words they know inflections and need no language's rules. All numbers are one: topics do not differ
    in them.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(preprocessor=topical, analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    return vectorizer.fit_transform(texts)


def topical(text: str) -> str:
    """The normalised text with every number as the same one.

    >>> topical("Show device 1234, please.")
    'show device 0 please'
    """
    return NUMBER.sub("0", normalised(text))
