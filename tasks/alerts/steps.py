"""The alert stage's tasks: tables to measurements, measurements to alert events, events to channels."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

from prefect import task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE

from tasks.alerts.back_test import back_test, note_tested, sentences, untested
from tasks.alerts.evaluating import Clock, evaluate, events_of, write_events
from tasks.alerts.flow_runs import FlowRun, events_of_run
from tasks.alerts.hours import last_closed
from tasks.alerts.life_cycle import Book, bundled
from tasks.alerts.measuring import Measured, measure, read_gauges
from tasks.alerts.rulebook import rulebook_of
from tasks.alerts.telling import Told, Waiting, messages_of, tell, untold
from tasks.alerts.verdicts import HISTORY_DAYS
from tasks.shared.alert_history import AlertEvent
from tasks.shared.channels import with_channel_secrets
from tasks.shared.errors import ServiceUnavailable
from tasks.shared.records import Batch, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ALERT_EVENTS, DELIVERIES, MEASUREMENTS

MOST_NOTES = 20


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def measure_hours(project: str, window: Window | None = None) -> Batch:
    """Measure the closed hours that ingestion took in: new ones, and those in which something changed since."""
    return await asyncio.to_thread(_measure, project, window)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def evaluate_rules(project: str, window: Window | None = None, *, dry_run: bool = False) -> Batch:
    """Note which alerts are raised, renewed and resolved by the hours that are due; in a dry run say so only."""
    return await asyncio.to_thread(_evaluate, project, window, dry_run)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def note_flow_run(project: str, happened: str, *, dry_run: bool = False) -> Batch:
    """Note what became of one of Nightjar's own runs, as an alert or the end of one."""
    return await asyncio.to_thread(_note, project, happened, dry_run)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def tell_channels(project: str, *, dry_run: bool = False) -> Batch:
    """Tell each channel what it was not told yet; one that fails stops no other and is tried again by the next run."""
    told = await tell_now(load_settings(), project, _secret, dry_run=dry_run)
    notes = [f"{each.channel}: {each.status}: {each.detail}" for each in told.deliveries if each.status != "sent"]
    counts = {"sent": 0, "failed": 0} | told.counts | {"held_back": told.held_back}
    return Batch(
        DELIVERIES.name, project, Window.of_day(_now().date()), len(told.deliveries), counts, notes=_some(notes)
    )


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def replay_rules(project: str) -> Batch:
    """Replay new and changed rules over the measured days; the notes say what they would have done."""
    return await asyncio.to_thread(_test, project)


async def tell_now(
    settings: Settings, project: str, secret: Callable[[str], Awaitable[str]], *, dry_run: bool = False
) -> Told:
    """The same outside of a flow. Processes that tell take turns. *secret* gives what a Prefect Secret block holds."""
    waiting = await asyncio.to_thread(_untold, settings, project)
    named = {channel for _, channels in waiting for channel in channels}
    settings = await with_channel_secrets(settings, named, secret)
    return await asyncio.to_thread(_tell, settings, project, waiting, dry_run)


async def secret_by_hand(block: str) -> str:
    """What the block holds, where nobody tries again.

    Raises:
        ValueError: There is no such block.
        ServiceUnavailable: Prefect does not hand it out.
    """
    try:
        return await _secret(block)
    except ValueError:
        raise
    except Exception as error:
        raise ServiceUnavailable(f"Prefect does not hand out its block {block!r}: {type(error).__name__}.") from error


def _measure(project: str, window: Window | None) -> Batch:
    settings, now = load_settings(), _now()
    lake = Lake.open(settings.lake)
    closed = _closed(now, window)
    done = measure(lake, project, settings, closed, HISTORY_DAYS)
    gauges = Measured() if window else read_gauges(lake, project, settings, closed)
    left = (f"{done.days_left} earlier days are measured by the next runs.",) if done.days_left else ()
    about = Window.of_day((closed - dt.timedelta(hours=1)).date())
    counts = {"hours": done.hours, "gauges": gauges.rows, "days_left": done.days_left}
    doubts = _some([*done.troubles, *gauges.troubles])
    return Batch(MEASUREMENTS.name, project, about, done.rows, counts, notes=left, doubts=doubts)


def _evaluate(project: str, window: Window | None, dry_run: bool) -> Batch:
    settings, now = load_settings(), _now()
    lake, closed = Lake.open(settings.lake), _closed(now, window)
    book = rulebook_of(settings)
    done = evaluate(lake, project, settings, book, Clock(now, closed, window), dry_run=dry_run)
    counts = {"hours": len(done.hours), "rules": len(book.rules), "open": done.open} | _counted(done.events)
    counts |= {"skipped_hours": done.skipped} if done.skipped else {}
    notes = [f"{event.event}: {event.message}" for event in done.events]
    if dry_run:
        notes += _previewed(lake, settings, project, done.events)
    if done.given_up:
        first, last = min(done.given_up), max(done.given_up)
        notes.append(
            f"{len(done.given_up)} hours from {first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ} were never ingested."
        )
    about = Window.of_day((closed - dt.timedelta(hours=1)).date())
    doubts = tuple(book.wrong.values())
    return Batch(ALERT_EVENTS.name, project, about, len(done.events), counts, notes=_some(notes), doubts=doubts)


def _test(project: str) -> Batch:
    settings, now = load_settings(), _now()
    lake, notes = Lake.open(settings.lake), list[str]()
    rules = untested(lake, project, rulebook_of(settings).rules, now.date())
    for rule in rules:
        found = back_test(lake, project, settings, rule, now)
        notes += sentences(found)
        note_tested(lake, project, rule, found, now.date())
    return Batch(
        MEASUREMENTS.name, project, Window.of_day(now.date()), 0, {"rules_tested": len(rules)}, notes=_some(notes)
    )


def _note(project: str, happened: str, dry_run: bool) -> Batch:
    settings, now = load_settings(), _now()
    lake, run = Lake.open(settings.lake), FlowRun.parse(happened)
    project = run.project or project
    known = rulebook_of(settings)
    rules = [rule for rule in known.rules.values() if rule.sense == "failed"]
    with lake.one_writer(f"alerting-{project}"):
        book = Book(project, tuple(events_of(lake, project, now)), now, settings.alerts)
        events = bundled([e for rule in rules for e in events_of_run(book, rule, run)], settings.alerts.storm)
        if not dry_run:
            write_events(lake, project, settings, events)
    notes = [f"{event.event}: {event.message}" for event in events]
    if dry_run:
        notes += _previewed(lake, settings, project, events)
    about, doubts = Window.of_day(now.date()), tuple(known.wrong.values())
    return Batch(ALERT_EVENTS.name, project, about, len(events), _counted(events), notes=_some(notes), doubts=doubts)


def _untold(settings: Settings, project: str) -> list[Waiting]:
    return untold(Lake.open(settings.lake), project, settings, _now())


def _tell(settings: Settings, project: str, waiting: list[Waiting], dry_run: bool) -> Told:
    lake = Lake.open(settings.lake)
    with lake.one_writer(f"telling-alerts-{project}"):
        return tell(lake, settings, waiting, dry_run=dry_run)


def _previewed(
    lake: Lake, settings: Settings, project: str, events: tuple[AlertEvent, ...] | list[AlertEvent]
) -> list[str]:
    """What would go where, of the events of a dry run."""
    told = tell(
        lake,
        settings,
        messages_of([e for e in events if e.channels and not e.quiet], project, settings.phoenix.url),
        dry_run=True,
    )
    return [f"{each.channel}: {each.detail}" for each in told.deliveries]


def _counted(events: tuple[AlertEvent, ...] | list[AlertEvent]) -> dict[str, int]:
    return {kind: sum(event.event == kind for event in events) for kind in ("raised", "renewed", "resolved")}


def _closed(now: dt.datetime, window: Window | None) -> dt.datetime:
    return min(last_closed(now), window.end) if window else last_closed(now)


def _some(notes: list[str]) -> tuple[str, ...]:
    return (
        (*notes[:MOST_NOTES], f"... and {len(notes) - MOST_NOTES} more.") if len(notes) > MOST_NOTES else tuple(notes)
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


async def _secret(block: str) -> str:
    secret: Secret[str] = await Secret.aload(block)
    return str(secret.get())
