"""Which candidates a dataset takes: strata in balance, one session after the other, nothing twice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.curate.near_duplicates import distinct
from tasks.curate.strata import ORDINARY


@dataclass(frozen=True)
class Candidate:
    """A span that may become an example. `strata` are those it is in, `place` orders candidates by chance."""

    span_id: str
    cluster: str
    text: str
    strata: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class Drawn:
    """The spans to take, with the stratum each was taken for, and how many were left out and why."""

    strata: Mapping[str, str]
    left_out: Mapping[str, int]


def drawn(
    candidates: Sequence[Candidate],
    *,
    held: Mapping[str, int],
    known_texts: Sequence[str],
    shares: Mapping[str, float],
    size: int,
    similarity: float,
) -> Drawn:
    """Fill a dataset up to *size*.

    Args:
        candidates: What is to choose from; the same ones give the same draw, in whatever order.
        held: How many examples of each stratum the dataset has.
        known_texts: Their texts.
        shares: The share of the dataset that each stratum aims for.
        size: How many examples the dataset shall have.
        similarity: From which two texts are near-duplicates.
    """
    ordered = in_order(candidates)
    kept = distinct([each.text for each, _ in ordered], known_texts, similarity=similarity)
    waiting: dict[str, list[str]] = {}
    for position in kept:
        candidate, stratum = ordered[position]
        waiting.setdefault(stratum, []).append(candidate.span_id)
    wanted = quotas({name: len(ids) for name, ids in waiting.items()}, held, shares, size)
    taken = {span_id: name for name, ids in waiting.items() for span_id in ids[: wanted[name]]}
    left_out = {"near_duplicates": len(ordered) - len(kept), "beyond_size": len(kept) - len(taken)}
    return Drawn(taken, left_out)


def in_order(candidates: Sequence[Candidate]) -> list[tuple[Candidate, str]]:
    """Every candidate with its stratum: the rarest it is in. Rare strata first, the first of each session first."""
    counts = Counter(name for each in candidates for name in each.strata)
    placed = [(each, min(each.strata, key=lambda n: (counts[n], n == ORDINARY, n))) for each in candidates]
    seen: Counter[tuple[str, str]] = Counter()
    ordered = []
    for candidate, stratum in sorted(placed, key=lambda it: (it[0].place, it[0].span_id)):
        turn = seen[stratum, candidate.cluster]
        seen[stratum, candidate.cluster] += 1
        ordered.append((counts[stratum], stratum, turn, candidate.place, candidate))
    return [(it[-1], it[1]) for it in sorted(ordered, key=lambda it: (it[0], it[1] == ORDINARY, *it[1:4]))]


def quotas(
    available: Mapping[str, int], held: Mapping[str, int], shares: Mapping[str, float], size: int
) -> dict[str, int]:
    """How many of each stratum to take, so that the dataset comes as near to its *shares* as what there is allows.

    One example after the other goes to the stratum that lacks most; what one stratum does not have goes to the others.

    >>> quotas({"golden": 9, "edge_cases": 1}, {}, {"golden": 0.5, "edge_cases": 0.5}, 6)
    {'golden': 5, 'edge_cases': 1}
    """
    taken = dict.fromkeys(available, 0)
    for _ in range(size - sum(held.values())):
        open_strata = [name for name in available if taken[name] < available[name]]
        if not open_strata:
            break
        lacks = {name: size * shares.get(name, 0.0) - held.get(name, 0) - taken[name] for name in open_strata}
        taken[max(open_strata, key=lambda name: (lacks[name], name))] += 1
    return taken


def texts_of(inputs: Iterable[Mapping[str, object]]) -> list[str]:
    """The questions of examples, to be compared with; an example that is not ours may have no `input`."""
    return [str(given.get("input") or " ".join(str(value) for value in given.values())) for given in inputs]
