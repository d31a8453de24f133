"""The fetch stage's tasks: Phoenix to lake."""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from tasks.fetch.annotations import annotated_units, annotation_rows
from tasks.fetch.dataset_labels import LABELS_REPLACED, by_day_to_write, label_rows, labels_in
from tasks.fetch.intake import fetched_paths, take_in, take_in_late, take_in_missed
from tasks.fetch.late import known_span_ids, traces_with_unseen_spans
from tasks.fetch.normalise import undeclared
from tasks.fetch.progress import (
    OutdatedDay,
    awaited,
    comes_up_again,
    content,
    has_the_same_spans,
    ingested,
    is_done,
    is_outdated,
    missed,
    set_awaited,
    set_done,
)
from tasks.fetch.reconciled import OURS, Prices, reconciled, unknown_models
from tasks.shared.checks import gate, warm_up
from tasks.shared.errors import ServiceError
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.prices import PriceTable
from tasks.shared.records import DAY, HOUR, REACH_HOURS, Batch, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS, PHOENIX_COSTS, SPANS

MOST_NOTES = 20


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def fetch_spans(project: str, window: Window) -> Batch:
    """Store every span of the window; the receipt counts the attributes no column takes and what was quarantined."""
    settings = load_settings()
    warm_up()
    async with Phoenix(settings.phoenix) as phoenix:
        await phoenix.ping()
        taken = await take_in(phoenix, settings, project, window, show=create_markdown_artifact)
        sample = await phoenix.sample(project, window, settings.phoenix.sampled_spans)
    undeclared_paths = undeclared(sample, fetched_paths(settings))
    notes = tuple(
        f"attribute {path} is on {count} of {len(sample)} sampled spans and is not fetched. "
        "Add it to phoenix.extra_attributes to keep it."
        for path, count in undeclared_paths.most_common(MOST_NOTES)
    )
    return replace(taken, notes=(*taken.notes, *notes))


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def fetch_late_spans(project: str, window: Window, hours: int) -> Batch:
    """Store what arrived late in the hours before the window, and the days among them that an outage left out.

    A late span that fails a critical check goes to quarantine and into the receipt's notes, and stops nothing else.
    """
    settings = load_settings()
    lake = Lake.open(settings.lake)
    earlier = Window(window.start - hours * HOUR, window.start) if hours else None
    parts = list(earlier.by_day()) if earlier else []
    left_out = missed(lake, project, [part.start.date() for part in parts])
    taken: list[Batch] = []
    async with Phoenix(settings.phoenix) as phoenix:
        for part in parts:
            if part.start.date() in left_out:
                whole = Window(Window.of_day(part.start.date()).start, part.end)
                taken.append(await take_in_missed(phoenix, settings, project, whole, show=create_markdown_artifact))
                get_run_logger().warning(taken[-1].notes[-1])
            elif ingested(lake, project, part.start.date()):
                listed = await phoenix.span_ids(project, part)
                late = traces_with_unseen_spans(listed, known_span_ids(lake, project, part))
                if late:
                    taken.append(
                        await take_in_late(phoenix, settings, project, part, late, show=create_markdown_artifact)
                    )
    return Batch(
        table=SPANS.name,
        project=project,
        window=earlier or window,
        rows=sum(batch.rows for batch in taken),
        counts=_added(batch.counts for batch in taken),
        notes=tuple(note for batch in taken for note in batch.notes),
    )


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def fetch_annotations(project: str, window: Window) -> Batch:
    """Store the annotations and notes that people and other tools left on the window's spans, traces and sessions."""
    settings = load_settings()
    lake = Lake.open(settings.lake)
    with lake.stage(ANNOTATIONS, project, window) as stage:
        async with Phoenix(settings.phoenix) as phoenix:
            for unit, started in annotated_units(lake, project, window).items():
                found = await phoenix.annotations(project, unit, list(started))
                stage.append(annotation_rows(unit, found, started))
        await asyncio.to_thread(gate, stage, lake, settings.checks, create_markdown_artifact)
        stage.publish()
    return Batch(ANNOTATIONS.name, project, window, stage.rows)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def fetch_dataset_labels(project: str, window: Window, judge: str) -> Batch:
    """Store the labels that people wrote into the judge's Phoenix datasets: the label queue's, and the settings' one.

    They are about units that the judge decided on in the `judges.calibration_days` that end with *window*.
    """
    settings = load_settings()
    lake = Lake.open(settings.lake)
    past = Window(min(window.start, window.end - settings.judges.calibration_days * DAY), window.end)
    async with Phoenix(settings.phoenix) as phoenix:
        names = settings.labels.datasets_of(project, judge)
        labels = {name: list(labels_in(await phoenix.examples(name))) for name in names}
    rows, file, changed = label_rows(lake, project, past, judge, labels), f"labels-{judge}", set[dt.date]()
    for day, todays in by_day_to_write(lake, project, past, file, rows).items():
        with lake.stage(LABELS_REPLACED, project, Window.of_day(day), file) as stage:
            stage.append(todays)
            await asyncio.to_thread(gate, stage, lake, settings.checks, create_markdown_artifact)
            stage.publish()
        changed.update(stage.changed_days)
    counts = {"labels": sum(map(len, labels.values())), "labels_stored": rows.num_rows}
    return Batch(ANNOTATIONS.name, project, past, rows.num_rows, counts, tuple(sorted(changed)))


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="reconcile-cost-{window}",
)
async def reconcile_cost(project: str, window: Window) -> Batch:
    """Store Phoenix's own cost of the day beside the lake's; a Phoenix that does not tell is a note, not a failure."""
    settings = load_settings()
    if not settings.cost.reconcile:
        return Batch(PHOENIX_COSTS.name, project, window, 0, notes=("cost.reconcile is off",))
    lake = Lake.open(settings.lake)
    ours = lake.sql(OURS, project, window).to_pylist()
    try:
        async with Phoenix(settings.phoenix) as phoenix:
            found = await phoenix.model_costs(project, window)
            known = await phoenix.priced_models() if unknown_models(ours, found) else []
    except ServiceError as error:
        return Batch(PHOENIX_COSTS.name, project, window, 0, {"unanswered": 1}, notes=(f"no cost of Phoenix: {error}",))
    prices = Prices(PriceTable.shipped(settings.prices), settings.cost.tolerance)
    with lake.stage(PHOENIX_COSTS, project, window) as stage:
        stage.append(reconciled(ours, found, known, prices, window, asked_at=dt.datetime.now(dt.UTC)))
        await asyncio.to_thread(gate, stage, lake, settings.checks, create_markdown_artifact)
        stage.publish()
    return Batch(PHOENIX_COSTS.name, project, window, stage.rows)


@task(cache_policy=NO_CACHE)
def outdated_days(
    project: str, day: dt.date, hours: int, also: Sequence[dt.date] = (), *, relabelled: bool = False
) -> list[OutdatedDay]:
    """*day* itself, and the ingested days in the *hours* before it that not every stage has seen as they are now.

    At least the day before is looked at, whatever is to be looked at *also*, and with *relabelled* the days of late
    labels, which are not judged again.
    """
    lake = Lake.open(load_settings().lake)
    # A session of the day before may have gone on today, whatever the lookback for late spans.
    days = Window.of_day(day).reaching_back(max(hours, REACH_HOURS["session"])).days()
    late = set(awaited(lake, project, "relabelled")) - {*days, *also} if relabelled else set()
    candidates = [
        OutdatedDay(d, content(lake, project, d)) for d in sorted({*days, *also, *late}) if ingested(lake, project, d)
    ]
    due = [c for c in candidates if c.day == day or c.day in also or not is_done(lake, project, c)]
    return [replace(c, judged=c.day not in late or not has_the_same_spans(lake, project, c)) for c in due]


@task(cache_policy=NO_CACHE)
def awaited_days(project: str) -> list[dt.date]:
    """The days of which an earlier run left judgments in batches."""
    return awaited(Lake.open(load_settings().lake), project)


@task(cache_policy=NO_CACHE)
def note_awaited(project: str, day: dt.date, scores: Batch | None = None) -> None:
    """Note whether the next night looks at the day again: for judgments in batches, or that a judge still owes.

    Without *scores*, because a judge was in doubt, it does.
    """
    counts = {"to_ask_again": 1} if scores is None else scores.counts
    waits = comes_up_again(counts, day, dt.datetime.now(dt.UTC).date())
    set_awaited(Lake.open(load_settings().lake), project, day, waits=waits)


@task(cache_policy=NO_CACHE)
def note_relabelled(project: str, days: Sequence[dt.date]) -> list[dt.date]:
    """Note that the next night looks again at those of *days* that were done and have other content by now.

    Labels that people gave weeks later change the days' metrics.
    """
    lake = Lake.open(load_settings().lake)
    outdated = [day for day in days if is_outdated(lake, project, OutdatedDay(day, content(lake, project, day)))]
    for day in outdated:
        set_awaited(lake, project, day, "relabelled", waits=True)
    return outdated


@task(cache_policy=NO_CACHE)
def mark_done(project: str, outdated: OutdatedDay) -> None:
    """Note that every stage has seen the day as it was when it was found outdated."""
    lake = Lake.open(load_settings().lake)
    set_done(lake, project, outdated)
    set_awaited(lake, project, outdated.day, "relabelled", waits=False)


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)
