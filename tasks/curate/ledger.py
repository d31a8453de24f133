"""The ledger of the golden dataset: for each version how old it is, how often it decided, how it fits the traffic."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.curate.draw import texts_of
from tasks.curate.resemblance import Topic, covered, told_apart, uncovered_topics
from tasks.shared.settings import CurationSettings
from tasks.shared.statistics.estimate import Estimate

DAY_SECONDS = 24 * 3600
# Versions whose fit is computed, the latest ones.
COMPARED = 20

DECISIONS_ON = """
SELECT dataset_version AS version, count(*) AS decisions FROM verdicts WHERE dataset = $dataset GROUP BY dataset_version
"""


@dataclass(frozen=True)
class Entry:
    """One version in the ledger. `due` are the reasons to refresh it; there is a fit for the latest versions only."""

    version: str
    made_at: dt.datetime
    examples: int
    added: int
    age_days: int
    decisions: int
    told_apart: Estimate | None
    covered: Estimate | None
    due: tuple[str, ...]


@dataclass(frozen=True)
class Ledger:
    """All versions, latest first, and what the traffic asks that the latest one has nothing like."""

    dataset: str
    traffic: int
    entries: Sequence[Entry]
    topics: Sequence[Topic]

    @property
    def due(self) -> tuple[str, ...]:
        """Why the latest version should be refreshed; empty when it should not."""
        return self.entries[0].due if self.entries else ()


@dataclass(frozen=True)
class Evidence:
    """What the ledger is computed from.

    `versions` are rows of DATASET_VERSIONS, oldest first; `examples` rows of EXAMPLES, each in the version it names and
    in all later ones; `decisions` count verdicts by version, by our name of it or by Phoenix's id; `traffic` are masked
    questions, one per session.
    """

    versions: Sequence[Mapping[str, Any]]
    examples: Sequence[Mapping[str, Any]]
    decisions: Mapping[str, int]
    traffic: Sequence[str]


def ledger(dataset: str, evidence: Evidence, settings: CurationSettings, at: dt.datetime) -> Ledger:
    """The ledger of *dataset* at a time."""
    versions, examples, traffic = evidence.versions, evidence.examples, evidence.traffic
    order = {row["version"]: position for position, row in enumerate(versions)}
    entries = []
    for position, row in enumerate(versions):
        held = [each for each in examples if order.get(each["version"], len(order)) <= position]
        compare = position >= len(versions) - COMPARED
        entries.append(_entry(row, _questions(held) if compare else [], evidence, settings, at))
    latest = _questions([each for each in examples if each["version"] in order])
    return Ledger(dataset, len(traffic), entries[::-1], uncovered_topics(latest, traffic))


def _entry(
    row: Mapping[str, Any],
    questions: Sequence[str],
    evidence: Evidence,
    settings: CurationSettings,
    at: dt.datetime,
) -> Entry:
    age_days = int((at - row["start_time"]).total_seconds() // DAY_SECONDS)
    decided = evidence.decisions.get(row["version"], 0) + evidence.decisions.get(row["phoenix_version_id"], 0)
    apart = told_apart(questions, evidence.traffic)
    return Entry(
        version=row["version"],
        made_at=row["start_time"],
        examples=row["examples"],
        added=row["added"],
        age_days=age_days,
        decisions=decided,
        told_apart=apart,
        covered=covered(questions, evidence.traffic),
        due=reasons(age_days, decided, apart, settings),
    )


def reasons(age_days: int, decisions: int, apart: Estimate | None, settings: CurationSettings) -> tuple[str, ...]:
    """Why a version should be refreshed."""
    found = []
    if age_days >= settings.refresh_after_days:
        found.append(f"it is {age_days} days old (curation.refresh_after_days {settings.refresh_after_days})")
    if decisions >= settings.refresh_after_decisions:
        found.append(
            f"{decisions} gate decisions were taken on it (curation.refresh_after_decisions "
            f"{settings.refresh_after_decisions}): what passes is by now also what happens to suit it"
        )
    if apart and apart.low > settings.refresh_at_auc:
        found.append(
            f"traffic is told from it with an AUC of at least {apart.low:.2f} "
            f"(curation.refresh_at_auc {settings.refresh_at_auc:.2f})"
        )
    return tuple(found)


def _questions(examples: Sequence[Mapping[str, Any]]) -> list[str]:
    """The questions of rows of EXAMPLES, one for each session, so that they are independent."""
    first: dict[str, Mapping[str, Any]] = {}
    for row in examples:
        first.setdefault(row["session_id"] or row["span_id"], row)
    return texts_of(orjson.loads(row["input"]) for row in first.values())
