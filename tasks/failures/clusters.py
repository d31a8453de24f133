"""Explanations that say the same, once, with how many runs say it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.shared.near_duplicates import normalised, twins

NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Cluster:
    """Runs that failed alike: the explanation and the request of the first, and the ids of all."""

    explanation: str
    request: str
    trace_ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many runs."""
        return len(self.trace_ids)


def clusters(rows: Sequence[Mapping[str, Any]], similarity: float) -> list[Cluster]:
    """The failing runs in *rows* by what is said of them, the most frequent first; every run is in one.

    Texts that differ in numbers, case or punctuation only are one; of the others those that share so much of their
    pieces (`similarity`) as near-duplicates do.
    """
    exact: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        exact.setdefault(NUMBER.sub("0", normalised(row["explanation"] or "")), []).append(row)
    forms = sorted(exact, key=lambda form: (-len(exact[form]), form))
    merged: dict[int, list[Mapping[str, Any]]] = {}
    for place, twin in enumerate(twins(forms, similarity=similarity)):
        merged.setdefault(twin.of if twin else place, []).extend(exact[forms[place]])
    found = [
        Cluster(its[0]["explanation"] or "", its[0]["request"] or "", tuple(row["trace_id"] for row in its))
        for its in merged.values()
    ]
    return sorted(found, key=lambda cluster: (-cluster.count, cluster.explanation))
