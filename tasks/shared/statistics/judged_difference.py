"""The true difference behind the one a judge sees: a judge that errs makes every difference look smaller."""

from collections.abc import Callable
from dataclasses import dataclass
from math import hypot
from statistics import NormalDist

from tasks.shared.statistics.corrected import LEAST_INFORMATION
from tasks.shared.statistics.estimate import Estimate
from tasks.shared.statistics.intervals import score_interval

NORMAL = NormalDist()
BISECTIONS = 80


@dataclass(frozen=True)
class Calibration:
    """How often a judge is right: `tpr` on good units, `tnr` on bad ones, each with its interval at level 0.95."""

    tpr: Estimate
    tnr: Estimate

    @property
    def information(self) -> float:
        """TPR + TNR - 1, the share of a true difference that the judge sees: 1 if it never errs, 0 for a coin."""
        return self.tpr.value + self.tnr.value - 1

    def bounds(self, tail: float) -> tuple[float, float]:
        """The bounds of `information` with *tail* on either side.

        Source: G. Y. Zou and A. Donner (2008), Construction of confidence limits about effect measures: a general
        approach, Statistics in Medicine 27, 1693-1702 (limits of a sum from those of its parts, by Wilson here).
        """
        parts = [_wilson(rate, tail) for rate in (self.tpr, self.tnr)]
        rates = (self.tpr.value, self.tnr.value)
        below = hypot(*(rate - low for rate, (low, _) in zip(rates, parts, strict=True)))
        above = hypot(*(high - rate for rate, (_, high) in zip(rates, parts, strict=True)))
        return self.information - below, self.information + above

    def refusal(self, tail: float, least: float = LEAST_INFORMATION) -> str:
        """Why nothing can be corrected with it; empty where it can."""
        if self.information < least:
            return f"judge not informative: TPR + TNR - 1 is {self.information:.2f}, at least {least:g} is asked for."
        lowest = self.bounds(tail)[0]
        if lowest <= 0:
            labels = f"{self.tpr.n} positive and {self.tnr.n} negative labels"
            return f"judge not informative: TPR + TNR - 1 may be {lowest:.2f} by {labels}. Label more units."
        return ""


def judged_difference(
    seen: float, bounds: tuple[float, float], calibration: Calibration, tail: float
) -> tuple[float, float, float]:
    """The true difference of two pass rates from the one *seen* by a judge, with its bounds: value, low, high.

    Each rate is Rogan and Gladen's (rate + TNR - 1) / (TPR + TNR - 1), so their difference is the seen one over TPR +
    TNR - 1. Its bounds are the ratios r for which 0 lies within the limits of seen - r * (TPR + TNR - 1), which hold
    the errors of both. *bounds* are those of the seen difference with the same *tail*.

    The judge must err alike on both variants: one that likes the style of one of them is not corrected by this. Labels
    are taken for independent of the units compared.

    Sources: W. J. Rogan and B. Gladen (1978), Estimating prevalence from the results of a screening test, American
    Journal of Epidemiology 107, 71-76; R. G. Newcombe (2016), MOVER-R confidence intervals for ratios and products of
    two independently estimated quantities, Statistical Methods in Medical Research 25, 1774-1778.

    Raises:
        ValueError: the calibration refuses.
    """
    if refusal := calibration.refusal(tail):
        raise ValueError(refusal)
    information = calibration.information
    least, most = calibration.bounds(tail)
    low, high = bounds
    furthest = 2 * max(abs(low), abs(high)) / least

    def highest(ratio: float) -> bool:
        spread = (information - least) if ratio >= 0 else (most - information)
        return seen - ratio * information + hypot(high - seen, ratio * spread) < 0

    def lowest(ratio: float) -> bool:
        spread = (most - information) if ratio >= 0 else (information - least)
        return seen - ratio * information - hypot(seen - low, ratio * spread) <= 0

    return seen / information, _turn(lowest, furthest), _turn(highest, furthest)


def _turn(holds: Callable[[float], bool], furthest: float) -> float:
    """The least ratio for which *holds* is true."""
    low, high = -furthest, furthest
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return (low + high) / 2


def _wilson(rate: Estimate, tail: float) -> tuple[float, float]:
    return score_interval(rate.value, rate.effective_n, 1 - 2 * tail)
