"""How alike texts are: cosines of vectors, by a model's embeddings or, without one, by their character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
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
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not asked or not known:
        return np.zeros((len(asked), len(known)))
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    # The blank gives even an empty text a gram of its own, without which scikit-learn refuses.
    of_known = vectorizer.fit_transform([f"{text}  ." for text in known])
    of_asked = vectorizer.transform([f"{text}  ." for text in asked])
    if len(known) < REDUCED_FROM:
        return np.asarray((of_asked @ of_known.T).toarray(), float)
    from sklearn.decomposition import TruncatedSVD

    reduction = TruncatedSVD(DIMENSIONS, random_state=SEED).fit(of_known)
    return cosines(reduction.transform(of_asked), reduction.transform(of_known))


def cosines(asked: Vectors, known: Vectors) -> Vectors:
    """Cosines (len(asked), len(known)) of vectors of any length; 0 for a vector of zeros."""
    import numpy as np

    unit = [rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (asked, known)]
    found: Vectors = unit[0] @ unit[1].T
    return found
