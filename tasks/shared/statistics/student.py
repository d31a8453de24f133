"""Student's t distribution, as far as intervals need it."""

from functools import lru_cache
from math import cos, pi, sin, sqrt
from statistics import NormalDist

EXPANSION_FROM = 200


@lru_cache(maxsize=1024)
def t_quantile(probability: float, degrees: int) -> float:
    """The value below which Student's t with whole *degrees* of freedom lies with *probability* (0.5 to 1).

    Source: M. Abramowitz and I. A. Stegun (1964), Handbook of mathematical functions, 26.7.3 and 26.7.4 (the exact
    finite sums, inverted by bisection) and 26.7.5 (the expansion from 200 degrees on, where it errs below 1e-9).

    Raises:
        ValueError: less than one degree of freedom, or a probability outside [0.5, 1).
    """
    if degrees < 1 or not 0.5 <= probability < 1:
        raise ValueError(f"no t quantile for probability {probability} and {degrees} degrees. Give 0.5 <= p < 1, >= 1.")
    if degrees >= EXPANSION_FROM:
        return _expansion(NormalDist().inv_cdf(probability), degrees)
    central = 2 * probability - 1
    low, high = 0.0, pi / 2
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if _central(angle, degrees) < central else (low, angle)
    return sqrt(degrees) * sin(low) / cos(low)


def _central(angle: float, degrees: int) -> float:
    odd = degrees % 2
    term = cos(angle) if odd else 1.0
    total = 0.0
    for k in range(odd + 1, degrees, 2):
        total += term
        term *= cos(angle) ** 2 * k / (k + 1)
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total


def _expansion(z: float, degrees: int) -> float:
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    )
