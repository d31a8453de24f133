"""A judge beside people: the table of their labels, and how often the judge is right."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import fsum

from tasks.shared.statistics.estimate import Estimate
from tasks.shared.statistics.hajek import hajek
from tasks.shared.statistics.intervals import LEVEL
from tasks.shared.statistics.kappa import Kappa, Weights, cohen_kappa


@dataclass(frozen=True)
class Labelled:
    """One unit with the person's label and the judge's.

    `probability` is that with which the unit was chosen to be labelled; units of one `trace` are not independent.
    """

    human: str
    judge: str
    trace: str
    probability: float = 1.0


@dataclass(frozen=True)
class Confusion:
    """Counts of units: rows are the person's labels, columns the judge's, both in the order of `labels`."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    n: int
    kappa: Kappa | None


@dataclass(frozen=True)
class Rates:
    """A judge of two answers: the shares of `positive` units it passes (tpr) and of the others it fails (tnr).

    `prevalence` is the share of positive units by people's labels. An estimate is None where it has no units.
    """

    positive: str
    tpr: Estimate | None
    tnr: Estimate | None
    prevalence: Estimate | None
    kappa: Kappa | None
    n: int


def confusion(units: Sequence[Labelled], labels: Sequence[str] = (), weights: Weights = "none") -> Confusion:
    """The table of all labels that occur or are named in *labels*, whose order comes first; kappa of the raw counts."""
    seen = {label for unit in units for label in (unit.human, unit.judge)}
    order = (*labels, *sorted(seen - set(labels)))
    cells: dict[tuple[str, str], int] = defaultdict(int)
    for unit in units:
        cells[unit.human, unit.judge] += 1
    counts = tuple(tuple(cells[human, judge] for judge in order) for human in order)
    return Confusion(order, counts, len(units), cohen_kappa(counts, weights))


def rates(units: Sequence[Labelled], positive: str, level: float = LEVEL) -> Rates:
    """TPR, TNR, prevalence and kappa with *positive* against all other labels.

    Each unit weighs 1/probability. Without that, a sample that was chosen by the judge's own verdict (more of its
    failures, say) makes TPR and TNR wrong.

    Source: C. B. Begg and R. A. Greenes (1983), Assessment of diagnostic tests when disease verification is subject to
    selection bias, Biometrics 39, 207-215 (equivalent for a choice by verdict). Intervals: see `hajek`.
    """
    sides = [replace(unit, human=str(unit.human == positive), judge=str(unit.judge == positive)) for unit in units]
    return Rates(
        positive,
        _share([unit for unit in units if unit.human == positive], lambda unit: unit.judge == positive, level),
        _share([unit for unit in units if unit.human != positive], lambda unit: unit.judge != positive, level),
        _share(units, lambda unit: unit.human == positive, level),
        weighted_kappa(sides, level),
        len(units),
    )


def weighted_kappa(units: Sequence[Labelled], level: float = LEVEL) -> Kappa | None:
    """Cohen's kappa of person and judge over all labels that occur, each unit weighing 1/probability.

    n is the effective number of units (Kish). None where `cohen_kappa` has none.
    """
    order = sorted({label for unit in units for label in (unit.human, unit.judge)})
    place = {label: number for number, label in enumerate(order)}
    table = [[0.0] * len(order) for _ in order]
    for unit in units:
        table[place[unit.human]][place[unit.judge]] += 1 / unit.probability
    squares = fsum(1 / unit.probability**2 for unit in units)
    return cohen_kappa(table, level=level, n=fsum(map(fsum, table)) ** 2 / squares) if units else None


def _share(units: Sequence[Labelled], holds: Callable[[Labelled], bool], level: float) -> Estimate | None:
    answers = [float(holds(unit)) for unit in units]
    return hajek(answers, [unit.probability for unit in units], [unit.trace for unit in units], level=level)
