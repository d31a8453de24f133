"""Looks at the data before all of it is there: how much of the error each may spend, so that all of them keep it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NORMAL = NormalDist()
POINTS = 401
# The density of a sum that was never stopped is next to nothing below.
LOWEST_Z = -8.0
BISECTIONS = 60
LEAST_TAIL = 1e-14


def spent(fraction: float, tail: float) -> float:
    """How much of the *tail* may be spent once *fraction* of the data is in: next to nothing early, all of it at last.

    Source: K. K. G. Lan and D. L. DeMets (1983), Discrete sequential boundaries for clinical trials, Biometrika 70,
    659-663, alpha*_1, which approximates P. C. O'Brien and T. R. Fleming (1979), A multiple testing procedure for
    clinical trials, Biometrics 35, 549-556.

    Raises:
        ValueError: *fraction* is not in (0, 1], or *tail* not in (0, 0.5].
    """
    if not (0 < fraction <= 1 and 0 < tail <= 0.5):
        raise ValueError(f"fraction {fraction} and tail {tail}. Give 0 < fraction <= 1 and 0 < tail <= 0.5.")
    if fraction == 1:
        return tail
    return 2 - 2 * NORMAL.cdf(NORMAL.inv_cdf(1 - tail / 2) / sqrt(fraction))


@lru_cache(maxsize=256)
def nominal_tails(fractions: tuple[float, ...], tail: float) -> tuple[float, ...]:
    """At each look, the tail at which to test there so that all looks together err with at most *tail*.

    *fractions* are the shares of the data at each look, rising. The sum of independent increments that was not stopped
    before is carried from look to look on a grid; each bound leaves above it what the look may spend. Looks that were
    meant to come and never did change nothing in those that did.

    Sources: P. Armitage, C. K. McPherson and B. C. Rowe (1969), Repeated significance tests on accumulating data,
    Journal of the Royal Statistical Society A 132, 235-244 (the recursion); C. Jennison and B. W. Turnbull (2000),
    Group sequential methods with applications to clinical trials, chapter 19; Lan and DeMets as in `spent`.

    Raises:
        ValueError: fractions do not rise, or one is not in (0, 1].
    """
    import numpy as np

    if any(later <= earlier for earlier, later in pairwise(fractions)):
        raise ValueError(f"looks at {fractions} of the data. Give rising fractions.")
    tails: list[float] = []
    grid, density, before, so_far = np.zeros(1), np.ones(1), 0.0, 0.0
    for fraction in fractions:
        share = spent(fraction, tail)
        step = sqrt(fraction - before)
        bound = _bound(grid, density, step, share - so_far, sqrt(fraction))
        tails.append(max(0.5 * float(_erfc(np.array(bound / sqrt(2 * fraction)))), LEAST_TAIL))
        ahead = np.linspace(LOWEST_Z * sqrt(fraction), bound, POINTS)
        kernel = np.exp(-0.5 * ((ahead[:, None] - grid) / step) ** 2) / (step * sqrt(2 * np.pi))
        grid, density, before, so_far = ahead, _weights(ahead) * (kernel @ density), fraction, share
    return tuple(tails)


def _bound(grid: Array, density: Array, step: float, share: float, scale: float) -> float:
    """The value that the sum goes past, from where it is by *density* on *grid*, with probability *share*."""
    low, high = LOWEST_Z * scale, -LOWEST_Z * scale
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = float(density @ _erfc((middle - grid) / step / sqrt(2))) / 2
        low, high = (middle, high) if above > share else (low, middle)
    return (low + high) / 2


def _erfc(values: Array) -> Array:
    from scipy.special import erfc

    found: Array = erfc(values)
    return found


def _weights(grid: Array) -> Array:
    """Simpson's weights."""
    import numpy as np

    weights = np.ones(len(grid))
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    found: Array = weights * (grid[1] - grid[0]) / 3
    return found


def fractions_of(looks: Sequence[int], planned: int) -> tuple[float, ...]:
    """Shares of the *planned* examples at *looks*, which count examples."""
    return tuple(look / planned for look in looks)
