"""Simulated embeddings: hashed character n-grams, so that texts with common words lie near each other."""

import hashlib
import math
from collections import Counter

DIMENSIONS = 256
LENGTHS = (3, 4, 5)


def embedding(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """A vector of length 1 that depends on *text* only: signed counts of its hashed n-grams, damped by a root."""
    words = f" {' '.join(text.lower().split())} "
    grams = Counter(words[at : at + length] for length in LENGTHS for at in range(len(words) - length + 1))
    vector = [0.0] * dimensions
    for gram, count in grams.items():
        digest = int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest(), "big")
        vector[digest % dimensions] += math.copysign(math.sqrt(count), 1 if digest >> 63 else -1)
    size = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / size for value in vector]
