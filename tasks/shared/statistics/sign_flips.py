"""The paired permutation test: of variants that are alike, each cluster's difference could have the other sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FLIPS = 10_000
SEED = 1935
# Up to so many clusters every pattern of signs is looked at.
EXACT_CLUSTERS = 15
# Sums that differ by less are one and the same: rounding puts them apart.
SAME = 1e-9


def sign_flips(differences: Array, clusters: Sequence[str], flips: int = FLIPS, seed: int = SEED) -> float:
    """The two-sided p-value of "no difference": how many sign patterns give a sum as far from 0 as the one seen.

    Signs are flipped by cluster, whose values are not independent. Clusters that sum to 0 change nothing and are left
    out. Up to 15 clusters it is exact; else of *flips* random patterns, the one seen being counted in, so that it is
    never 0. For right or wrong answers without clusters it is McNemar's exact test.

    Sources: R. A. Fisher (1935), The design of experiments, section 21; B. Phipson and G. K. Smyth (2010), Permutation
    p-values should never be zero, Statistical Applications in Genetics and Molecular Biology 9, article 39.
    """
    import numpy as np

    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    sums = np.bincount(codes, differences)
    sums = sums[np.abs(sums) > SAME]
    seen = abs(float(sums.sum())) - SAME
    count = len(sums)
    if count == 0:
        return 1.0
    if count <= EXACT_CLUSTERS:
        signs = 1.0 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        return float((np.abs(signs @ sums) >= seen).mean())
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (flips, count))
    return float((1 + (np.abs(signs @ sums) >= seen).sum()) / (1 + flips))
