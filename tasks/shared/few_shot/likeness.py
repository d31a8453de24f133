"""How alike texts are: cosines of vectors, by a model's embeddings or, without one, by their character n-grams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float64]

SEED = 7
# Below that many texts a reduction throws away what tells them apart.
REDUCED_FROM = 256
DIMENSIONS = 128


def local_likeness(asked: Sequence[str], known: Sequence[str]) -> Vectors:
    """Cosines (len(asked), len(known)) of TF-IDF vectors of character 3- to 5-grams, fitted on the *known* texts.

    From 256 known texts on, the vectors are reduced to 128 dimensions (latent semantic analysis: S. Deerwester et al.
    (1990), Indexing by latent semantic analysis, Journal of the American Society for Information Science 41, 391-407).
    Texts without a common n-gram have 0. It sees words and spellings, no meanings: a paraphrase is no likeness.
    """
    import numpy as np

    if not asked or not known:
        return np.zeros((len(asked), len(known)))
    vectors_of, of_known = _fitted(tuple(known))
    return cosines(vectors_of(asked), of_known)


@lru_cache(8)
def _fitted(known: tuple[str, ...]) -> tuple[Callable[[Sequence[str]], Vectors], Vectors]:
    """What makes vectors of texts, and those of the *known* ones."""
    import numpy as np
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    # The dot gives even an empty text a gram of its own, without which scikit-learn refuses.
    sparse = grams.fit_transform([f"{text}  ." for text in known])
    reduction = TruncatedSVD(DIMENSIONS, random_state=SEED).fit(sparse) if len(known) >= REDUCED_FROM else None

    def vectors_of(texts: Sequence[str]) -> Vectors:
        found = grams.transform([f"{text}  ." for text in texts])
        return np.asarray(found.toarray() if reduction is None else reduction.transform(found), float)

    return vectors_of, vectors_of(known)


def cosines(asked: Vectors, known: Vectors) -> Vectors:
    """Cosines (len(asked), len(known)) of vectors of any length; 0 for a vector of zeros."""
    import numpy as np

    unit = [rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (asked, known)]
    found: Vectors = unit[0] @ unit[1].T
    return found
