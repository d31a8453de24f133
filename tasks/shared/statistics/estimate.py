"""What every function of this package returns."""

from dataclasses import dataclass

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A number, the observations it speaks for, and its two-sided interval; both ends are None where there is none."""

    value: float
    n: int
    low: float | None = None
    high: float | None = None
