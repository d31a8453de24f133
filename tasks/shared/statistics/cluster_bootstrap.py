"""Percentile intervals by drawing whole clusters again: of a mean, of a ratio of totals, of a ratio of medians."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES = 2000
SEED = 1979


def ratio_of_totals(
    above: Array, below: Array, clusters: Sequence[str], tail: float, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """The interval of sum(above) / sum(below), *tail* on either side; with ones below, that of a mean.

    Needs two clusters, and a positive sum below in every resample: None otherwise.

    Source: B. Efron and R. J. Tibshirani (1993), An introduction to the bootstrap, sections 8.3 (resampling units as
    they were sampled) and 13.3 (percentiles).
    """
    import numpy as np

    codes = _codes(clusters)
    tops, bottoms = np.bincount(codes, above), np.bincount(codes, below)
    times = _times(len(tops), resamples, seed)
    under = times @ bottoms
    if len(tops) < 2 or not (under > 0).all():
        return None
    low, high = np.quantile((times @ tops) / under, (tail, 1 - tail))
    return float(low), float(high)


def ratio_of_medians(
    above: Array, below: Array, clusters: Sequence[str], tail: float, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """The interval of median(above) / median(below); None with fewer than two clusters or a median of 0 below."""
    import numpy as np

    codes = _codes(clusters)
    count = int(codes.max()) + 1 if len(codes) else 0
    if count < 2:
        return None
    times = _times(count, resamples, seed)[:, codes]
    tops, bottoms = _medians(above, times), _medians(below, times)
    if not (bottoms > 0).all():
        return None
    low, high = np.quantile(tops / bottoms, (tail, 1 - tail))
    return float(low), float(high)


def _codes(clusters: Sequence[str]) -> NDArray[np.intp]:
    import numpy as np

    found: NDArray[np.intp] = np.unique(np.asarray(clusters), return_inverse=True)[1]
    return found


def _times(count: int, resamples: int, seed: int) -> Array:
    """How often each of *count* clusters is in each resample (resamples, count)."""
    import numpy as np

    if count == 0:
        return np.zeros((resamples, 0))
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples).astype(float)


def _medians(values: Array, times: Array) -> Array:
    """The median of *values* (n,) each being there *times* (resamples, n): the lower one of an even number."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    reached = times[:, order].cumsum(axis=1)
    found: Array = values[order][(2 * reached >= reached[:, -1:]).argmax(axis=1)]
    return found
