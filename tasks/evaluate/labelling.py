"""Keep a judge's queue for people filled: draw, publish to Phoenix, tell how far it is."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any

from tasks.evaluate.judge import Judge
from tasks.evaluate.label_examples import examples, instructions, note_identifier
from tasks.evaluate.label_queue import Standing, drawn, progress, queue_rows, standing
from tasks.evaluate.versions import in_use
from tasks.shared.checks import gate
from tasks.shared.checks.gate import Artifact
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import Batch, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import LABEL_QUEUE


async def fill_queue(
    settings: Settings, judge: Judge, project: str, window: Window, *, at: dt.datetime, show: Artifact | None = None
) -> Batch:
    """Draw what is missing in the queue, into the lake first and then into Phoenix, where a killed run is caught up.

    Everything that waits for a label is in Phoenix afterwards, as an example of the judge's dataset and with a note.
    """
    lake = Lake.open(settings.lake)
    judge = in_use(judge, lake, settings.judges)
    before = standing(lake, project, window, judge, settings.labels.lookback_days)
    rows = queue_rows(judge, before, drawn(judge, before, window, settings.labels), at)
    if rows.num_rows:
        with lake.stage(LABEL_QUEUE, project, window, file=judge.name) as stage:
            stage.append(rows)
            await asyncio.to_thread(gate, stage, lake, settings.checks, show)
            stage.publish()
    now = standing(lake, project, window, judge, settings.labels.lookback_days)
    published, unknown, url = await _published(settings, lake, judge, project, now.awaiting)
    counts = {
        "drawn": rows.num_rows,
        **published,
        "queued": len(now.queued),
        "labelled": len(now.queued) - len(now.awaiting),
        "awaiting": len(now.awaiting),
    }
    return Batch(LABEL_QUEUE.name, project, window, rows.num_rows, counts, notes=_notes(judge, now, unknown, url))


def awaited_days(settings: Settings, judge: Judge, project: str, window: Window) -> set[dt.date]:
    """The days of the units that wait for a label: there may be labels by now."""
    now = standing(Lake.open(settings.lake), project, window, judge, settings.labels.lookback_days)
    return {row["start_time"].date() for row in now.awaiting}


async def _published(
    settings: Settings, lake: Lake, judge: Judge, project: str, rows: Sequence[Any]
) -> tuple[dict[str, int], tuple[str, ...], str | None]:
    """Counts of what was new to Phoenix, the units it does not have, and the dataset's page."""
    dataset = settings.labels.dataset_of(project, judge.name)
    async with Phoenix(settings.phoenix) as phoenix:
        known = {example.id for example in await phoenix.examples(dataset)}
        shown = [example for example in examples(lake, project, judge, rows) if example.id not in known]
        added = await phoenix.add_examples(dataset, shown, f"{judge.name}: {judge.description}")
        texts = {row["unit_id"]: instructions(judge) for row in rows}
        noted = await phoenix.note(project, judge.unit, texts, note_identifier(judge))
        return (
            {"examples_added": added, "notes_written": noted.written},
            noted.unknown,
            await phoenix.dataset_url(dataset),
        )


def _notes(judge: Judge, now: Standing, unknown: Sequence[str], url: str | None) -> tuple[str, ...]:
    notes = [progress(judge, now) + (f" They are at {url}" if url else "")]
    if unknown:
        notes.append(f"{judge.name}: Phoenix does not have {len(unknown)} of the queued units, as {unknown[0]}.")
    return tuple(notes)
