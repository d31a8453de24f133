"""A sketch of a distribution that can be added up: how many values lie in each of many narrow buckets."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil, log

from tasks.shared.statistics.intervals import LEVEL
from tasks.shared.statistics.order_statistics import quantile_ranks

# Each bucket ends 2 % above the one before: a value told by its bucket is at most 1 % off.
GROWTH = 1.02
SMALLEST = 1e-3


def bucket_of(value: float) -> int:
    """The bucket of a *value*: i for (GROWTH^(i-1), GROWTH^i]. Values below 0.001 are all in that one's bucket.

    Source: C. Masson, J. E. Rim and H. K. Lee (2019), DDSketch: a fast and fully-mergeable quantile sketch with
    relative-error guarantees, Proceedings of the VLDB Endowment 12, 2195-2205, section 2.1.
    """
    return ceil(log(max(value, SMALLEST)) / log(GROWTH))


def value_of(bucket: int) -> float:
    """The value that stands for a *bucket*: at most 1 % from any in it (as above, lemma 1)."""
    return 2 * GROWTH**bucket / (GROWTH + 1)


def parsed(text: str) -> Counter[int]:
    """The sketch that `17:3 18:12` is the text of: bucket to number of values."""
    pairs = (part.partition(":") for part in text.split())
    return Counter({int(bucket): int(count) for bucket, _, count in pairs})


def written(sketch: Mapping[int, int]) -> str:
    """The text of a *sketch*, buckets in order."""
    return " ".join(f"{bucket}:{count}" for bucket, count in sorted(sketch.items()))


def quantile_of(sketch: Mapping[int, int], p: float, level: float = LEVEL) -> tuple[float, float | None, float | None]:
    """The *p* quantile and the ends of its interval, each within 1 %; None for an end that the sample does not hold.

    Source: as `quantile_interval`: the order statistics around the quantile, distribution-free.

    Raises:
        ValueError: the sketch is empty.
    """
    n = sum(sketch.values())
    if not n:
        raise ValueError("an empty sketch has no quantile. Ask for n first.")
    ranks = quantile_ranks(n, p, level)
    wanted = [max(ceil(n * p - 1e-9), 1), *(ranks or ())]
    found = dict(zip(sorted(set(wanted)), _at_ranks(sketch, sorted(set(wanted))), strict=True))
    value = found[wanted[0]]
    return (value, found[ranks[0]], found[ranks[1]]) if ranks else (value, None, None)


def _at_ranks(sketch: Mapping[int, int], ranks: Iterable[int]) -> list[float]:
    values, below, buckets = [], 0, iter(sorted(sketch))
    bucket = 0
    for rank in ranks:
        while below < rank:
            bucket = next(buckets)
            below += sketch[bucket]
        values.append(value_of(bucket))
    return values
