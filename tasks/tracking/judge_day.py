"""One judge on one day: what it scored, what people say of it, and how it scored beside its earlier versions."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from tasks.shared.records import Direction, Metric, Status
from tasks.shared.statistics.bounds import MISSING, Bounds, bounds
from tasks.shared.statistics.confusion import Rates
from tasks.shared.statistics.drift import AnchorRun
from tasks.shared.statistics.estimate import Estimate
from tasks.shared.statistics.hajek import hajek
from tasks.tracking.known_judges import KnownJudge
from tasks.tracking.pairs import Labels, measured
from tasks.tracking.summary import share


@dataclass(frozen=True)
class JudgedUnit:
    """A unit that the judge scored, with its inclusion probability. `characters`: how long the judged output is."""

    unit_id: str
    trace: str
    score: float
    probability: float
    characters: int | None = None


@dataclass(frozen=True)
class Overlap:
    """The scores of one version of the judge and of the next one, of the same units in the same order."""

    old: Sequence[float]
    new: Sequence[float]


@dataclass(frozen=True)
class JudgeDay:
    """What the day's metrics of a judge are computed from; of a longer period `first` is the first day, `day` the last.

    `units` are the day's scored ones, `labels` those of the days up to this one. `statuses` are the day's decisions by
    status, `weights` their sums of 1/probability. `order_decided` counts the units without a verdict because it changed
    with the order of the two. `overlaps` lead from the first version that is linked to the one of today.
    `anchors` are the runs of the questions that are asked again and again, oldest first.
    """

    judge: KnownJudge
    day: dt.date
    units: tuple[JudgedUnit, ...] = ()
    statuses: Mapping[Status, int] = field(default_factory=dict)
    weights: Mapping[Status, float] = field(default_factory=dict)
    order_decided: int = 0
    labels: Labels = field(default_factory=Labels)
    overlaps: tuple[Overlap, ...] = ()
    anchors: tuple[AnchorRun, ...] = ()
    first: dt.date | None = None

    def holds(self, date: dt.date) -> bool:
        """Whether *date* is the day, or in the period."""
        return (self.first or self.day) <= date <= self.day

    @property
    def name(self) -> str:
        """The judge's."""
        return self.judge.name

    @cached_property
    def raw(self) -> Estimate | None:
        """The share of the day's units that the judge passes, with the interval of the process."""
        passes = [float(self.judge.passes(unit.score)) for unit in self.units]
        return hajek(passes, [unit.probability for unit in self.units], [unit.trace for unit in self.units])

    @cached_property
    def rates(self) -> Rates:
        """The judge's TPR and TNR by people's labels."""
        return measured(self.labels.usable)

    @property
    def coverage(self) -> float:
        """Scored units of the eligible ones, as everywhere."""
        return share(len(self.units), sum(self.statuses.values()) - self.statuses.get("not_applicable", 0))

    def pass_rate(self, name: str, value: float, n: int, interval: tuple[float, float]) -> Metric:
        """A pass rate of the day's scored units as a metric, with what the missing ones could make of it."""
        metric = Metric(f"{name}/{self.name}", value, n, self.coverage, *interval, unit="share")
        found = self.bounds(value, 0.0, 1.0, "maximize")
        return metric if found is None else replace(metric, worst=found.worst, best=found.best)

    def bounds(self, value: float, lowest: float, highest: float, direction: Direction) -> Bounds | None:
        """What the missing units could make of *value*, a mean of the day's scored ones; None where none is missing."""
        weights: dict[Status, float] = {status: self.weights.get(status, 0.0) for status in MISSING}
        if not any(weights.values()):
            return None
        weights["scored"] = sum(1 / unit.probability for unit in self.units)
        return bounds(value, weights, lowest=lowest, highest=highest, direction=direction)
