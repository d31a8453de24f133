"""One dataset, curated: examples into the lake, from there into Phoenix, then the version that they make.

Killed anywhere, the next run finds the version open (holdings.py) and goes on with it.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from tasks.curate.choice import Choice, Chooser, first_pool
from tasks.curate.examples import Version, content_of, example_row, phoenix_example, table
from tasks.curate.holdings import Holdings, file_of, holdings
from tasks.curate.masking import NAMES_NOTE, anonymiser_of
from tasks.curate.pool import Pool, Source, check, source
from tasks.curate.strata import kept_kinds, strata_of
from tasks.curate.versions import dataset_run, described, rules_of, version_row
from tasks.shared.anonymise import Anonymiser
from tasks.shared.checks import gate
from tasks.shared.checks.gate import Artifact
from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.llm.names import masked, names_judge
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import Batch, Window
from tasks.shared.settings import DatasetKind, Settings
from tasks.shared.splits import cluster_of, split_of
from tasks.shared.store.kept_splits import kept_splits
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DATASET_VERSIONS, EXAMPLES, Table

ABOUT: Mapping[DatasetKind, str] = {
    "golden": "Questions with right answers, curated from {project}",
    "failed": "Questions whose answers failed, curated from {project}",
    "blocked": "Questions that were refused or blocked, curated from {project}",
    "expert": "Answers that people labelled, curated from {project}",
}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Curating:
    """Where datasets of a project are written to.

    Names cost money, which counts as spent by *run*; `show` shows failed checks in the flow run.
    """

    settings: Settings
    lake: Lake
    phoenix: Phoenix
    project: str
    window: Window
    at: dt.datetime
    run: str
    show: Artifact | None = None

    async def holdings(self, kind: DatasetKind) -> Holdings:
        """What the dataset of that *kind* holds."""
        name = self.settings.curation.name_of(kind, self.project)
        return await holdings(self.lake, self.phoenix, self.project, kind, name)

    def candidates(self, held: Sequence[Holdings]) -> tuple[Source, Pool] | tuple[None, None]:
        """The window's candidates for all datasets; none where nothing was asked."""
        settings = self.settings
        of = source(self.lake, self.project, self.window, settings.curation, settings.feedback)
        return (of, first_pool(of, settings.curation, held)) if of else (None, None)

    async def masked(self, now: Holdings, choice: Choice, masks: Anonymiser) -> Choice:
        """The choice with masked contents; what nobody could look at for names is left out."""
        cohorts = self.settings.curation.cohorts
        contents = [content_of(taken, now.kind, cohorts) for taken in choice.taken]
        async with names_judge(self.settings, self.project, self.run) as names:
            shown = await masked(contents, masks, names)
        kept = [(taken, content) for taken, content in zip(choice.taken, shown, strict=True) if content is not None]
        left_out = {**choice.left_out, **({"names_unknown": shown.count(None)} if None in shown else {})}
        return Choice([taken for taken, _ in kept], left_out, [content for _, content in kept])

    async def write(self, now: Holdings, choice: Choice) -> dict[str, Any] | None:
        """Add what was chosen, and what a killed run left; returns the version's row, None where there is nothing."""
        version = now.next_version(self.at)
        kept = await asyncio.to_thread(kept_splits, self.lake, self.project)
        rows = [
            example_row(taken, content, version, self._split(taken.row, kept))
            for taken, content in zip(choice.taken, choice.contents, strict=True)
        ]
        await asyncio.to_thread(self._store, EXAMPLES, now, table(rows))
        added = [*now.unsent, *rows]
        if not added:
            return None
        known = {each.id for each in now.in_phoenix}
        fresh = [phoenix_example(row) for row in added if row["example_id"] not in known]
        await self.phoenix.add_examples(now.dataset, fresh, ABOUT[now.kind].format(project=self.project))
        row = await self._version(now, version, len(added), choice.left_out)
        row["mlflow_run_id"] = await asyncio.to_thread(self._log, row)
        await asyncio.to_thread(self._store, DATASET_VERSIONS, now, self._versions([row]))
        return row

    def _split(self, row: Mapping[str, Any], kept: Mapping[str, str]) -> str:
        return split_of(cluster_of(row["session_id"], row["trace_id"]), self.settings.splits, kept)

    async def log_unlogged(self, now: Holdings) -> int:
        """Log to MLflow the versions that were made while it was away; returns how many still are not."""
        rows = [dict(row) for row in now.versions if row["mlflow_run_id"] is None]
        for row in rows:
            row["mlflow_run_id"] = await asyncio.to_thread(self._log, row)
        logged = [row for row in rows if row["mlflow_run_id"]]
        await asyncio.to_thread(self._store, DATASET_VERSIONS, now, self._versions(logged))
        return len(rows) - len(logged)

    async def _version(
        self, now: Holdings, version: Version, added: int, left_out: Mapping[str, int]
    ) -> dict[str, Any]:
        """The row of the version as Phoenix has it; Phoenix's dataset is told of it."""
        found = await self.phoenix.dataset(now.dataset)
        if found is None:
            raise ServiceUnavailable(f"dataset {now.dataset!r} vanished from Phoenix meanwhile. Run curation again.")
        version_id = await self.phoenix.latest_dataset_version(found.id)
        examples = await self.phoenix.examples(now.dataset, version_id)
        row = version_row(
            version,
            examples,
            added=added,
            rules=rules_of(self.settings, now.kind, self.window),
            left_out=left_out,
            phoenix_ids=(found.id, version_id),
        )
        versions = {each["version"]: each for each in [*now.versions, row]}
        metadata = described(found.metadata, self.project, now.kind, list(versions.values()))
        await self.phoenix.describe_dataset(found.id, metadata)
        return row

    def _log(self, row: Mapping[str, Any]) -> str | None:
        """The id of the MLflow run; None where MLflow is away: the version is valid all the same."""
        url = f"{self.settings.phoenix.url}/datasets/{row['phoenix_dataset_id']}"
        try:
            return Mlflow.open(self.settings, self.project).log(dataset_run(self.project, row, url, self.settings))
        except ServiceUnavailable as error:
            log.warning("version %s is not in MLflow yet: %s", row["version"], error)
            return None

    def _versions(self, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        return pa.Table.from_pylist([dict(row) for row in rows], DATASET_VERSIONS.schema)

    def _store(self, kind: Table, now: Holdings, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        days = [time.date() for time in rows[kind.time].to_pylist()]
        window = Window(Window.of_day(min(days)).start, Window.of_day(max(days)).end)
        with self.lake.stage(kind, self.project, window, file_of(now.dataset)) as stage:
            stage.append(rows)
            gate(stage, self.lake, self.settings.checks, self.show)
            stage.publish()


async def curate(curating: Curating, wanted: Sequence[str] = ()) -> list[Batch]:
    """Curate the datasets of the *wanted* kinds, all by default; one receipt each.

    Raises:
        ServiceUnavailable: Every dataset is curated, but MLflow was away; the next run logs what it missed.
    """
    settings, lake = curating.settings.curation, curating.lake
    kinds = kept_kinds(settings, wanted, curating.project)
    for kind in kinds:
        check(lake, settings, strata_of(settings, kind))
    held = [await curating.holdings(kind) for kind in kinds]
    of, found = await asyncio.to_thread(curating.candidates, held)
    receipts, unlogged = [], 0
    for now in held:
        masks = anonymiser_of(now.dataset, curating.settings.anonymise, lake)
        choice = Choice()
        if of and found:
            chooser = Chooser(of, settings, now, masks, now.wanted(settings, curating.at))
            choice = await asyncio.to_thread(chooser.choose, found)
        choice = await curating.masked(now, choice, masks)
        row = await curating.write(now, choice)
        unlogged += await curating.log_unlogged(now) + int(row is not None and row["mlflow_run_id"] is None)
        told = receipt(now, choice, row, curating.window, settings.smallest)
        names_stay = row is not None and not curating.settings.anonymise.names
        receipts.append(replace(told, notes=(*told.notes, NAMES_NOTE)) if names_stay else told)
    if unlogged:
        raise ServiceUnavailable(
            f"all datasets are curated, but {unlogged} versions are not in MLflow, which did not answer. "
            "Run curation again when it does."
        )
    return receipts


def receipt(now: Holdings, choice: Choice, row: Mapping[str, Any] | None, window: Window, smallest: int) -> Batch:
    """What became of one dataset."""
    latest = row or (now.versions[-1] if now.versions else None)
    held = latest["examples"] if latest else 0
    counts = {"examples": held, "added": row["added"] if row else 0, "versions": int(row is not None)}
    counts |= choice.left_out
    if row:
        notes = [f"{row['version']}: {row['examples']} examples, {row['added']} new."]
    elif latest:
        notes = [f"{now.dataset}: nothing new; {latest['version']} has {held} examples."]
    else:
        notes = [f"{now.dataset}: no candidates, so there is no such dataset."]
    if now.kind == "golden" and held < smallest:
        notes.append(
            f"{now.dataset} has fewer than {smallest} examples (curation.smallest). More feedback, approvals or "
            f"thresholds in curation.scores, or a longer curation.lookback_days, would make candidates; "
            f"{choice.left_out.get('near_duplicates', 0)} were near-duplicates."
        )
    return Batch(EXAMPLES.name, now.project, window, counts["added"], counts, notes=tuple(notes))
