"""The percentile bootstrap of a mean by drawing whole clusters again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES = 2000
SEED = 1979


def bootstrap_mean(
    values: Array, clusters: Sequence[str], tail: float, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """The interval of the mean of *values* (n,) with *tail* on either side; None with fewer than two clusters.

    It has no width where all values are the same: what has not been seen yet is not in any resample.

    Source: B. Efron and R. J. Tibshirani (1993), An introduction to the bootstrap, sections 8.3 (resampling units as
    they were sampled) and 13.3 (percentiles).
    """
    import numpy as np

    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    sums, sizes = np.bincount(codes, values), np.bincount(codes).astype(float)
    count = len(sums)
    if count < 2:
        return None
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples).astype(float)
    low, high = np.quantile((times @ sums) / (times @ sizes), (tail, 1 - tail))
    return float(low), float(high)
