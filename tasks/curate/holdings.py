"""What a curated dataset holds: by the lake, which intends, and by Phoenix, which has it.

An example is written to the lake first, then to Phoenix; then its version is written to `dataset_versions`. A version
without a row there is open: a run was killed over it, and the next one goes on with it.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from tasks.curate.draw import texts_of
from tasks.curate.examples import Version, phoenix_example
from tasks.curate.versions import OWN
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import Dataset, Example, Phoenix
from tasks.shared.settings import CurationSettings, DatasetKind
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DATASET_VERSIONS, EXAMPLES

WEEK = dt.timedelta(days=7)
EXAMPLE_ROWS = "SELECT * FROM examples WHERE dataset = $dataset ORDER BY start_time, example_id"
VERSION_ROWS = "SELECT * FROM dataset_versions WHERE dataset = $dataset ORDER BY start_time, version"


@dataclass(frozen=True)
class Holdings:
    """One dataset as it is now."""

    project: str
    kind: DatasetKind
    dataset: str
    rows: Sequence[Mapping[str, Any]]
    versions: Sequence[Mapping[str, Any]]
    phoenix: Dataset | None
    in_phoenix: Sequence[Example]

    @cached_property
    def closed(self) -> frozenset[str]:
        """Names of the versions that are complete."""
        return frozenset(row["version"] for row in self.versions)

    @cached_property
    def open_rows(self) -> list[Mapping[str, Any]]:
        """Examples of a version that is not complete."""
        return [row for row in self.rows if row["version"] not in self.closed]

    @property
    def gone(self) -> bool:
        """Whether Phoenix has not, or not any more, the dataset that the versions are of."""
        there = self.phoenix.id if self.phoenix else None
        return any(row["phoenix_dataset_id"] != there for row in self.versions[-1:])

    @property
    def unsent(self) -> list[Mapping[str, Any]]:
        """Examples that Phoenix should have and may lack: of an open version; all where the dataset itself is gone."""
        return list(self.rows if self.gone else self.open_rows)

    @property
    def taken_spans(self) -> set[str]:
        """Spans of complete versions. A span of an example that people deleted in Phoenix does not come back."""
        return {row["span_id"] for row in self.rows if row["version"] in self.closed} | {
            each.metadata["span_id"] for each in self._elsewhere if isinstance(each.metadata.get("span_id"), str)
        }

    @property
    def texts(self) -> list[str]:
        """The questions that the dataset has, but for those of an open version."""
        return texts_of(each.input for each in self._held)

    @property
    def strata(self) -> Counter[str]:
        """How many examples it has by stratum, but for those of an open version."""
        return Counter(str(each.metadata.get("stratum", "")) for each in self._held)

    @property
    def _held(self) -> list[Example]:
        """Examples of complete versions, also those that are put back because the dataset is gone."""
        back = [phoenix_example(row) for row in self.rows] if self.gone else []
        opened = {row["example_id"] for row in self.open_rows}
        found = {each.id: each for each in (*back, *self.in_phoenix)}
        return [each for each in found.values() if each.id not in opened]

    @property
    def _elsewhere(self) -> list[Example]:
        """Examples that this lake did not add."""
        ours = {row["example_id"] for row in self.rows}
        return [each for each in self.in_phoenix if each.id not in ours]

    def wanted(self, settings: CurationSettings, at: dt.datetime) -> int:
        """How many examples the dataset shall have at that time."""
        first = min((row["start_time"] for row in self.versions), default=at)
        return settings.size + settings.growth * max(0, (at - first) // WEEK)

    def next_version(self, at: dt.datetime) -> Version:
        """The version to write: the open one, or a new one."""
        if self.open_rows:
            first = min(self.open_rows, key=lambda row: (row["added_at"], row["version"]))
            return Version(self.dataset, self.kind, first["version"], first["added_at"])
        name = f"{self.dataset}-{at:%Y-%m-%d}"
        numbered = (name if number == 1 else f"{name}.{number}" for number in range(1, len(self.closed) + 2))
        return Version(self.dataset, self.kind, next(each for each in numbered if each not in self.closed), at)


async def holdings(lake: Lake, phoenix: Phoenix, project: str, kind: DatasetKind, dataset: str) -> Holdings:
    """What the dataset holds.

    Raises:
        ConfigurationError: The dataset is another project's.
    """
    found = await phoenix.dataset(dataset)
    owner = (found.metadata.get(OWN) or {}).get("project", project) if found else project
    if owner != project:
        raise ConfigurationError(
            f"dataset {dataset!r} in Phoenix is curated from project {owner!r}, not {project!r}. "
            f'Set curation.names.{kind}, e.g. to "{{project}}-{dataset}".'
        )
    return Holdings(
        project=project,
        kind=kind,
        dataset=dataset,
        rows=example_rows(lake, project, dataset),
        versions=version_rows(lake, project, dataset),
        phoenix=found,
        in_phoenix=await phoenix.examples(dataset) if found else [],
    )


def file_of(dataset: str) -> str:
    """The writer's file in the lake's partitions: each dataset has its own."""
    return quote(dataset, safe=" ")


def example_rows(lake: Lake, project: str, dataset: str) -> list[dict[str, Any]]:
    """Rows of EXAMPLES of the dataset, by time."""
    return _rows(lake, project, dataset, EXAMPLES.name, EXAMPLE_ROWS)


def version_rows(lake: Lake, project: str, dataset: str) -> list[dict[str, Any]]:
    """Rows of DATASET_VERSIONS of the dataset, oldest first."""
    return _rows(lake, project, dataset, DATASET_VERSIONS.name, VERSION_ROWS)


def _rows(lake: Lake, project: str, dataset: str, table: str, query: str) -> list[dict[str, Any]]:
    rows = lake.sql(query, project, None, {"dataset": dataset}, only={table: file_of(dataset)})
    found: list[dict[str, Any]] = rows.to_pylist()
    return found
