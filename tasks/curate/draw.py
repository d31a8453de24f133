"""Which candidates a dataset takes: strata in balance, one session after the other, nothing twice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.curate.strata import ORDINARY
from tasks.shared.near_duplicates import distinct

# A stratum that should have nothing still has its turn, last.
SMALLEST_SHARE = 1e-9


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
    ordered = in_order(candidates, held, shares)
    kept = distinct([each.text for each, _ in ordered], known_texts, similarity=similarity)
    waiting: dict[str, list[str]] = {}
    for position in kept:
        candidate, stratum = ordered[position]
        waiting.setdefault(stratum, []).append(candidate.span_id)
    wanted = quotas({name: len(ids) for name, ids in waiting.items()}, held, shares, size)
    taken = {span_id: name for name, ids in waiting.items() for span_id in ids[: wanted[name]]}
    left_out = {"near_duplicates": len(ordered) - len(kept), "beyond_size": len(kept) - len(taken)}
    return Drawn(taken, left_out)


def in_order(
    candidates: Sequence[Candidate], held: Mapping[str, int], shares: Mapping[str, float]
) -> list[tuple[Candidate, str]]:
    """Every candidate with its stratum, the rarest it is in; of two alike the first is the one to keep.

    Strata take turns by their shares, as in stride scheduling, so none takes the questions of another; within a
    stratum the first candidates of all sessions come before the second of any.
    """
    counts = Counter(name for each in candidates for name in each.strata)
    members: dict[str, list[Candidate]] = {}
    for each in sorted(candidates, key=lambda it: (it.place, it.span_id)):
        members.setdefault(min(each.strata, key=lambda n: (counts[n], n == ORDINARY, n)), []).append(each)
    turns = []
    for stratum, those in members.items():
        for number, each in enumerate(_by_session(those), held.get(stratum, 0)):
            turns.append(((number + 0.5) / (shares.get(stratum) or SMALLEST_SHARE), counts[stratum], stratum, each))
    turns.sort(key=lambda turn: turn[:3])
    return [(each, stratum) for _, _, stratum, each in turns]


def _by_session(members: Sequence[Candidate]) -> list[Candidate]:
    seen: Counter[str] = Counter()
    rounds = []
    for each in members:
        rounds.append((seen[each.cluster], each))
        seen[each.cluster] += 1
    return [each for _, each in sorted(rounds, key=lambda it: it[0])]


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
        taken[max(open_strata, key=lambda name: (lacks[name], shares.get(name, 0.0), name))] += 1
    return taken


def texts_of(inputs: Iterable[Mapping[str, object]]) -> list[str]:
    """The questions of examples, to be compared with; an example that is not ours may have no `input`."""
    return [str(given.get("input") or " ".join(str(value) for value in given.values())) for given in inputs]
