"""What a window of a series says: a value with its interval, and the same on the scale that weeks are compared on."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from math import asin, exp, log, sin, sqrt
from statistics import NormalDist

from tasks.alerts.history import LEAST_KNOWN, Added, History
from tasks.alerts.measure import Measure
from tasks.shared.statistics.corrected import corrected
from tasks.shared.statistics.estimate import Estimate
from tasks.shared.statistics.exact_share import exact_share
from tasks.shared.statistics.intervals import LEVEL, score_interval
from tasks.shared.statistics.seasonal import Point
from tasks.shared.statistics.sketch import quantile_of
from tasks.shared.statistics.sums import share_of_sums

TAIL = (1 - LEVEL) / 2
# Of fewer units no change is told: their distribution is nothing like normal on any scale.
LEAST_UNITS = 10
LARGEST_N = 1e9
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Reading:
    """A value over `n` units with its 95 % interval; an end that the units do not tell is None.

    `bounds` are the ends that it lies between but for a *tail* on either side, for claims: of a share they are exact,
    where the interval is Wilson's and holds on average. `exact` values have themselves for both ends, however few
    units they are of. `corrected` says that a judge's own errors are taken out.
    """

    value: float
    n: int
    interval: Bounds
    bounds: Callable[[float], Bounds]
    example: str = ""
    exact: bool = False
    corrected: bool = False


@dataclass(frozen=True)
class Calibration:
    """How often a judge is right on good units (`tpr`) and on bad ones (`tnr`), as people's labels told on `day`."""

    day: dt.date
    tpr: Estimate
    tnr: Estimate


@dataclass(frozen=True)
class Readings:
    """Reads series of one measure: its `history`, and the judges' calibrations by evaluator, oldest first."""

    name: str
    measure: Measure
    history: History
    calibrations: Mapping[str, Sequence[Calibration]] = field(default_factory=dict)

    def read(self, series: str, end: dt.datetime, hours: int, *, least: float = LEAST_KNOWN) -> Reading | None:
        """The *hours* before *end*; None where less than a share of *least* is known or there is no unit."""
        added = self.history.window(self.name, series, end, hours, least=least)
        if added is None or not added.sums.n:
            return None
        match self.measure.kind:
            case "share":
                return self._share(series, added, end)
            case "quantile":
                return _quantile(added, self.measure.quantile)
            case "sum":
                return _exact(added.sums.total, added)
        return _exact(added.sums.total / added.sums.weight, added)

    def point(self, series: str, end: dt.datetime, hours: int) -> Point | None:
        """The same on a scale on which values of different hours can be compared; raw, whatever labels say.

        Sources: F. J. Anscombe (1948), The transformation of Poisson, binomial and negative-binomial data, Biometrika
        35, 246-254 (the arcsine root of a share); logarithms of sums and quantiles by the delta method.
        """
        least = 1.0 if self.measure.kind == "sum" else LEAST_KNOWN
        added = self.history.window(self.name, series, end, hours, least=least)
        if added is None or added.sums.n < LEAST_UNITS:
            return None
        match self.measure.kind:
            case "share":
                return _of_share(added)
            case "quantile":
                return _of_quantile(added, self.measure.quantile)
        return _of_sum(added)

    def value_at(self, point: float) -> float:
        """The value that stands at *point* of that scale."""
        return sin(min(max(point, 0.0), asin(1.0))) ** 2 if self.measure.kind == "share" else exp(point)

    def _share(self, series: str, added: Added, end: dt.datetime) -> Reading | None:
        raw = share_of_sums(added.sums)
        calibration = self._calibration(series, end.date())
        if raw is None:
            return None
        # A judge's rates are of good and bad units: a share of failures is turned around on its way.
        turned = self.measure.worse == "high"
        better = _corrected(raw, calibration, LEVEL, turned=turned) if calibration else None
        if calibration is None or better is None:
            plain = partial(_exact_bounds, added)
            return Reading(raw.value, added.sums.n, (raw.low, raw.high), plain, added.example)

        @lru_cache(maxsize=8)
        def bounds(tail: float) -> Bounds:
            at_level = share_of_sums(added.sums, 1 - 2 * tail)
            found = _corrected(at_level, calibration, 1 - 2 * tail, turned=turned) if at_level else None
            return found[1:] if found else (None, None)

        return Reading(better[0], added.sums.n, better[1:], bounds, added.example, corrected=True)

    def _calibration(self, series: str, day: dt.date) -> Calibration | None:
        """The judge's, by the latest labels up to the day."""
        known = [each for each in self.calibrations.get(series.removeprefix("evaluator="), ()) if each.day <= day]
        return known[-1] if known else None


def labelled_rate(value: float, low: float, high: float, n: int) -> Estimate:
    """A judge's rate as stored, with the number of independent labels that gives such an interval."""
    fewest, most = 1e-3, LARGEST_N
    for _ in range(80):
        middle = sqrt(fewest * most)
        ends = score_interval(value, middle)
        fewest, most = (middle, most) if ends[1] - ends[0] > high - low else (fewest, middle)
    effective = min(float(n), most) if high > low else float(n)
    error = sqrt(value * (1 - value) / effective) if effective else 0.0
    return Estimate(value, low, high, error, n, n, effective)


def _exact_bounds(added: Added, tail: float) -> Bounds:
    found = share_of_sums(added.sums, 1 - 2 * tail)
    return exact_share(found.value, found.effective_n, tail) if found else (None, None)


def _corrected(
    raw: Estimate, calibration: Calibration, level: float, *, turned: bool
) -> tuple[float, float, float] | None:
    """Value and interval without the judge's errors; None where the labels say too little of the judge."""
    passed = _turned(raw) if turned else raw
    found = corrected(passed, calibration.tpr, calibration.tnr, level=level)
    if found.value is None or found.low is None or found.high is None:
        return None
    low, high = min(found.low, found.value), max(found.high, found.value)
    return (1 - found.value, 1 - high, 1 - low) if turned else (found.value, low, high)


def _turned(raw: Estimate) -> Estimate:
    return Estimate(1 - raw.value, 1 - raw.high, 1 - raw.low, raw.standard_error, raw.n, raw.clusters, raw.effective_n)


def _exact(value: float, added: Added) -> Reading:
    return Reading(value, added.sums.n, (value, value), lambda _: (value, value), added.example, exact=True)


def _quantile(added: Added, p: float) -> Reading:
    @lru_cache(maxsize=8)
    def bounds(tail: float) -> Bounds:
        return quantile_of(added.sketch, p, 1 - 2 * tail)[1:]

    value = quantile_of(added.sketch, p)[0]
    return Reading(value, added.sums.n, bounds(TAIL), bounds, added.example)


def _of_share(added: Added) -> Point | None:
    found = share_of_sums(added.sums)
    if found is None:
        return None
    n = found.effective_n
    return Point(asin(sqrt((found.value * n + 0.375) / (n + 0.75))), 1 / (4 * n + 2))


def _of_quantile(added: Added, p: float) -> Point | None:
    value, low, high = quantile_of(added.sketch, p, 2 / 3)
    if low is None or high is None or not low > 0:
        return None
    z = NormalDist().inv_cdf(5 / 6)
    return Point(log(value), max((log(high) - log(low)) / (2 * z), 0.01) ** 2)


def _of_sum(added: Added) -> Point | None:
    total = added.sums.total
    return Point(log(total), added.sums.total_squares / total**2) if total > 0 else None
