"""Units with the judge's verdict and people's: what a judge is calibrated with."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.shared.statistics.confusion import Labelled, Rates, rates, weighted_kappa
from tasks.shared.statistics.kappa import Kappa
from tasks.tracking.human_labels import HumanLabel, Vote, vote
from tasks.tracking.known_judges import KnownJudge

PASS, FAIL = "pass", "fail"


@dataclass(frozen=True)
class Pair:
    """One judged unit with the votes of its annotators, by annotator.

    `passes` is the judge's verdict, None where its label has no score; `label` is that label. `probability` is that of
    being judged,
    `label_probability` that of being labelled once judged, None where nobody noted it; `random` labels were drawn with
    one and the same. Units of one `trace` are not independent.
    """

    unit_id: str
    trace: str
    day: dt.date
    passes: bool | None
    probability: float
    votes: Mapping[str, Vote]
    label_probability: float | None = None
    random: bool = False
    label: str | None = None

    @property
    def chance(self) -> float:
        """The probability of being judged and labelled; where nobody noted that of being labelled, it counts as 1."""
        return self.probability * (self.label_probability or 1.0)

    @property
    def people_pass(self) -> bool | None:
        """The majority of the votes that say so; None in a tie."""
        said = [each.passes for each in self.votes.values() if each.passes is not None]
        ayes = sum(said)
        return None if 2 * ayes == len(said) else 2 * ayes > len(said)

    @property
    def people_label(self) -> str | float | None:
        """The label that most people gave; None where two were given as often."""
        said = Counter(each.value for each in self.votes.values() if each.value is not None).most_common(2)
        return said[0][0] if said and (len(said) == 1 or said[0][1] > said[1][1]) else None


@dataclass(frozen=True)
class Drawn:
    """People's verdict on a unit that was drawn for labelling with *probability*."""

    passes: bool
    probability: float


@dataclass(frozen=True)
class Labels:
    """The pairs of a judge, and how many labels of judged units are on no place of its scale."""

    pairs: tuple[Pair, ...] = ()
    unreadable: int = 0

    @property
    def usable(self) -> tuple[Pair, ...]:
        """The pairs in which the judge and the majority of people say whether the unit passes."""
        return tuple(pair for pair in self.pairs if pair.passes is not None and pair.people_pass is not None)

    @property
    def named(self) -> tuple[Pair, ...]:
        """The pairs in which the judge and most people give the unit a label."""
        return tuple(pair for pair in self.pairs if pair.label is not None and pair.people_label is not None)


def paired(judge: KnownJudge, labels: Iterable[HumanLabel], decided: Sequence[Mapping[str, Any]]) -> Labels:
    """Pair *labels* with the judge's scored decisions (`unit_id, trace, start_time, score, label, probability`).

    Of several labels by one annotator on one unit the last counts.
    """
    by_unit: dict[str, dict[str, HumanLabel]] = {}
    for said in labels:
        by_unit.setdefault(said.unit_id, {})[said.annotator] = said
    pairs, unreadable = [], 0
    for row in decided:
        said_by = by_unit.get(row["unit_id"], {})
        votes = {annotator: read for annotator, said in said_by.items() if (read := vote(judge, said))}
        unreadable += len(said_by) - len(votes)
        if votes:
            pairs.append(_pair(judge, row, said_by.values(), votes))
    return Labels(tuple(pairs), unreadable)


def measured(pairs: Iterable[Pair]) -> Rates:
    """TPR, TNR, prevalence and kappa of the judge on usable *pairs*, with the majority of people as the truth.

    A unit weighs 1/(probability of being judged * probability of being labelled). That matters where labels were
    chosen by the judge's own verdict: unweighted they tell how often people agree with a pass and with a fail (PPV and
    NPV), and TPR and TNR made of them are wrong. A label of which nobody noted with what probability its unit was
    chosen weighs as if that had been certain: all such labels weigh alike, and little beside labels that were drawn.
    """
    units = [
        Labelled(PASS if pair.people_pass else FAIL, PASS if pair.passes else FAIL, pair.trace, pair.chance)
        for pair in pairs
    ]
    return rates(units, PASS)


def agreement_in_labels(pairs: Iterable[Pair]) -> Kappa | None:
    """Kappa of the judge and most people on named *pairs*, label by label, weighted as in `measured`."""
    return weighted_kappa(
        [Labelled(str(pair.people_label), str(pair.label), pair.trace, pair.chance) for pair in pairs]
    )


def label_draws(pairs: Iterable[Pair]) -> dict[str, Drawn]:
    """By unit, people's verdicts on usable *pairs* whose labels were drawn at random, with known probabilities.

    Two draws are never mixed: where some have a probability, those without are left out. Without any, labels drawn at
    random have equal ones, and 1 says the same as any other number.
    """
    drawn = {p.unit_id: p for p in pairs if p.label_probability is not None}
    drawn = drawn or {p.unit_id: p for p in pairs if p.random}
    return {unit: Drawn(bool(p.people_pass), p.label_probability or 1.0) for unit, p in drawn.items()}


def _pair(judge: KnownJudge, row: Mapping[str, Any], said: Iterable[HumanLabel], votes: Mapping[str, Vote]) -> Pair:
    probabilities = [label.probability for label in said if label.probability is not None]
    return Pair(
        unit_id=row["unit_id"],
        trace=row["trace"],
        day=row["start_time"].date(),
        passes=None if row["score"] is None else judge.passes(row["score"]),
        probability=row["probability"],
        votes=votes,
        label_probability=probabilities[0] if probabilities else None,
        random=any(label.random for label in said),
        label=row["label"],
    )
