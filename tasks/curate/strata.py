"""Which examples a dataset is made of: its strata, each a SQL predicate over the columns of candidates.sql.

Beside those columns there are `good` and `failed` (the settings' predicates on the answer) and `nearest`, how similar
the question is to the most similar example of the dataset, 0 to 1. The settings add strata, replace and remove them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import DATASET_KINDS, CurationSettings, DatasetKind

# The stratum that is no special case of others; `golden_share` is its share of the dataset.
ORDINARY = "golden"
SHIPPED: Mapping[DatasetKind, Mapping[str, str]] = {
    "golden": {
        ORDINARY: "good",
        # Unusually short or long, or with letters and signs beyond plain English.
        "edge_cases": r"good AND (short OR long OR NOT regexp_full_match(question, '[ -~\s]*'))",
        "complex_queries": "good AND coalesce(labels['sql_complexity'] IN ('medium', 'complex'), long)",
        "past_failures": "failed AND NOT blocked",
        "new_topics": "good AND nearest < 0.3",
        "rare_cohorts": "good AND cohort_share < 0.05",
    },
    "failed": {
        "errors": "errors > 0 AND NOT blocked",
        "negative_feedback": "negative > 0 AND NOT blocked",
        "rejected": "rejected > 0 AND NOT blocked",
        "low_scores": "missed > 0 AND NOT blocked",
    },
    "blocked": {"refusals": "refused", "guardrails": "guarded > 0"},
    "expert": {
        "approved": "approved > 0 AND rejected = 0",
        "rejected": "rejected > 0",
        "labelled": "labelled > 0",
    },
}
# When the answer that was given is the right one to expect.
RIGHT: Mapping[DatasetKind, str] = {
    "golden": "good",
    "failed": "false",
    "blocked": "approved > 0 AND rejected = 0",
    "expert": "approved > 0 AND rejected = 0",
}
NEAREST = re.compile(r"\bnearest\b")
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Stratum:
    """Why an example is taken into a dataset."""

    kind: DatasetKind
    name: str
    predicate: str

    @property
    def title(self) -> str:
        """What tells it from all others."""
        return f"{self.kind}/{self.name}"

    @property
    def compares(self) -> bool:
        """Whether it asks what the dataset holds."""
        return bool(NEAREST.search(self.predicate))


def strata_of(settings: CurationSettings, kind: DatasetKind) -> list[Stratum]:
    """The strata of a dataset by the settings, shipped ones first.

    Raises:
        ConfigurationError: A name is none, or no stratum is left.
    """
    found = {**SHIPPED[kind], **settings.strata.get(kind, {})}
    kept = [Stratum(kind, name, predicate) for name, predicate in found.items() if predicate.strip()]
    for stratum in kept:
        if not NAME.fullmatch(stratum.name):
            raise ConfigurationError(
                f"curation.strata.{kind} has a stratum {stratum.name!r}. Name it with lower-case letters, digits and _."
            )
    if not kept:
        raise ConfigurationError(f'curation.strata.{kind} removes every stratum. Set curation.names.{kind} = "".')
    return kept


def shares(strata: Sequence[Stratum], golden_share: float) -> dict[str, float]:
    """The share of the dataset that each stratum aims for, by name."""
    special = [stratum.name for stratum in strata if stratum.name != ORDINARY]
    if len(special) == len(strata):
        return dict.fromkeys(special, 1 / len(special))
    if not special:
        return {ORDINARY: 1.0}
    return {ORDINARY: golden_share, **dict.fromkeys(special, (1 - golden_share) / len(special))}


def kept_kinds(settings: CurationSettings, wanted: Sequence[str], project: str) -> list[DatasetKind]:
    """The kinds of datasets to curate: those *wanted*, all by default, as far as the settings name them.

    Raises:
        ConfigurationError: There is no such kind, or it has no name.
    """
    named = [kind for kind in DATASET_KINDS if settings.name_of(kind, project)]
    for kind in wanted:
        if kind not in named:
            raise ConfigurationError(
                f"there is no dataset of the kind {kind!r}. Choose from {', '.join(named)}, or set curation.names."
            )
    return [kind for kind in named if not wanted or kind in wanted]
