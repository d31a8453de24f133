"""How much better the candidate is than the baseline on the same examples, with bounds of any confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

from tasks.shared.statistics.clustered import ClusteredMean, clustered_mean
from tasks.shared.statistics.matched import tango
from tasks.shared.statistics.student import t_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NORMAL = NormalDist()
# Of fewer changed clusters the mean is too skewed for Student.
LEAST_CHANGED = 10


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences; positive where the candidate is better.

    `gain` and `loss` are the sums of the positive and of the negative differences in units of `reach`, the largest
    difference there can be: wins and losses where answers are right or wrong. `changed` counts the clusters in which
    anything differs.
    """

    mean: ClusteredMean
    gain: float
    loss: float
    reach: float
    changed: int
    method: Literal["score", "student"]

    @property
    def value(self) -> float:
        """The mean difference."""
        return self.mean.value

    @property
    def deviation(self) -> float:
        """Standard deviation of one example's difference, at least that of one more gain and one more loss (score)."""
        if self.method == "student":
            return float(self.mean.independent_error * self.mean.n**0.5)
        n = self.mean.n + 2
        mean = (self.gain - self.loss) / n
        return float(self.reach * ((self.gain + self.loss + 2) / n - mean * mean) ** 0.5)

    def bounds(self, tail: float) -> tuple[float, float]:
        """The bounds that the true difference lies below, and above, with probability *tail* each (0 to 0.5).

        Right or wrong: Tango's score interval of the effective sample, n over the design effect. Graded: Student's with
        the cluster-robust error, skewness removed. Where too few clusters changed for that, the score interval, as if
        every difference were made of differences as large as there can be: bounded values vary no more than those.
        One cluster tells nothing: the bounds are those of the scale.
        """
        if self.mean.clusters < 2:
            return -self.reach, self.reach
        if self.method == "score":
            return self._score(tail)
        low, high = self.mean.bounds(tail)
        return max(low, -self.reach), min(high, self.reach)

    def _score(self, tail: float) -> tuple[float, float]:
        independent, clustered = (t_quantile(1 - tail, d) for d in (max(self.mean.n - 1, 1), self.mean.degrees))
        share = 1 / self.mean.design_effect * (independent / clustered) ** 2
        gain, loss, n = (count * share for count in (self.gain, self.loss, self.mean.n))
        low, high = tango(gain, loss, n, NORMAL.inv_cdf(1 - tail))
        return self.reach * low, self.reach * high


def difference(differences: Array, clusters: Sequence[str], reach: float = 1.0) -> Difference:
    """What *differences* (n,) in *clusters* (n) say; *reach* is the largest there can be (1 for scores from 0 to 1).

    Sources: see `matched.tango`, `clustered.clustered_mean`; for the effective sample E. L. Korn and B. I. Graubard
    (1998), Confidence intervals for proportions with small expected number of positive counts estimated from survey
    data, Survey Methodology 24, 193-201.

    Raises:
        ValueError: there are no differences, or one is larger than *reach*.
    """
    import numpy as np

    mean = clustered_mean(differences, clusters)
    if np.abs(differences).max() > reach * (1 + 1e-9):
        raise ValueError(
            f"a difference of {np.abs(differences).max()} where {reach} is the largest. Give a larger reach."
        )
    scaled = differences / reach
    whole = bool(np.isin(scaled, (-1.0, 0.0, 1.0)).all())
    changed = len({cluster for cluster, one in zip(clusters, scaled, strict=True) if one})
    gain, loss = float(scaled.clip(min=0).sum()), float((-scaled).clip(min=0).sum())
    return Difference(mean, gain, loss, reach, changed, "score" if whole or changed < LEAST_CHANGED else "student")
