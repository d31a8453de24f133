"""From measurements to alert events: every due hour in order, each rule on each of its series."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import quote

import pyarrow as pa

from tasks.alerts.history import History
from tasks.alerts.hours import decided_hours, due_hours, ingested_hours
from tasks.alerts.life_cycle import Book, bundled, digest, event_of_skipped, events_at, events_of_gone
from tasks.alerts.measure import all_measures
from tasks.alerts.readings import Calibration, Readings, labelled_rate
from tasks.alerts.rule import Rule
from tasks.alerts.rulebook import Rulebook
from tasks.alerts.verdicts import Judgement, needed_hours
from tasks.shared.alert_history import AlertEvent
from tasks.shared.checks import gate
from tasks.shared.records import DAY, HOUR, Window
from tasks.shared.settings import Settings
from tasks.shared.statistics.burn_down import PERIODS
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ALERT_EVENTS

# An alert that lasts longer than that is still known by its renewals; its beginning is not looked for further back.
REMEMBERED_DAYS = 90
LABELLED = """
SELECT start_time, name, value, low, high, n FROM metrics
WHERE (starts_with(name, 'judge_tpr/') OR starts_with(name, 'judge_tnr/')) AND dimension = '' AND low IS NOT NULL
ORDER BY start_time
"""
MEASURED = "SELECT * EXCLUDE (source) FROM measurements WHERE list_contains($measures, measure)"


@dataclass(frozen=True)
class Evaluated:
    """Which hours were evaluated, those given up because ingestion never took them in, and what happened.

    `skipped` is how many hours were too long ago to be evaluated; events tell which.
    """

    hours: tuple[dt.datetime, ...] = ()
    given_up: tuple[dt.datetime, ...] = ()
    skipped: int = 0
    events: tuple[AlertEvent, ...] = ()
    open: int = 0


@dataclass(frozen=True)
class Clock:
    """When it is, when the last closed hour ended, and which hours are asked for (those due, when None)."""

    now: dt.datetime
    closed: dt.datetime
    window: Window | None = None


def evaluate(
    lake: Lake, project: str, settings: Settings, rulebook: Rulebook, clock: Clock, *, dry_run: bool = False
) -> Evaluated:
    """Evaluate the due hours and note what happened. Two runs at once wait for each other."""
    with lake.one_writer(f"alerting-{project}"):
        since, skipped = _since(lake, project, settings, clock)
        ingested = ingested_hours(lake, project, Window(since, clock.closed)) if since < clock.closed else set()
        due, given_up = due_hours(ingested, since, clock.closed, settings.alerts.wait_hours)
        decided, undecided, until = due, None, since
        if clock.window is None:
            until, undecided = _decided_until(lake, project, settings, clock)
            decided = decided_hours(lake, project, until, clock.closed)
        span = Window(min([*due[:1], *decided[:1], clock.closed - HOUR]), clock.closed)
        judgements = judgements_of(lake, project, settings, rulebook.rules.values(), span)
        book = Book(project, tuple(events_of(lake, project, clock.now)), clock.now, settings.alerts)
        before = len(book.events)
        gaps = {"rule": skipped if due else None, "rule on judged measures": undecided if decided else None}
        book = book.with_events(event_of_skipped(book, gap, rules) for rules, gap in gaps.items() if gap)
        for hour in sorted({*due, *decided}):
            for judgement in judgements.values():
                it = judgement.readings.measure
                if it.kind != "gauge" and hour in (decided if it.judged else due) and judgement.looks_at(hour + HOUR):
                    book = book.with_events(events_at(book, judgement, hour + HOUR))
        if clock.window is None:
            book = book.with_events(events_of_gone(book, {*rulebook.rules, *rulebook.wrong}))
            for judgement in judgements.values():
                if judgement.readings.measure.kind == "gauge":
                    book = book.with_events(events_at(book, judgement, clock.closed))
        new = bundled(book.events[before:], settings.alerts.storm)
        if not dry_run:
            write_events(lake, project, settings, new)
            if clock.window is None:
                _set_progress(lake, project, until, evaluated_until=due, decided_until=decided)
    open_alerts = sum(alert.open for alert in book.alerts.values())
    too_old = (skipped.end - skipped.start) // HOUR if due and skipped else 0
    return Evaluated(tuple(due), tuple(given_up), too_old, tuple(new), open_alerts)


def judgements_of(
    lake: Lake, project: str, settings: Settings, rules: Iterable[Rule], due: Window
) -> dict[str, Judgement]:
    """Each rule that is measured, over the history that verdicts on the hours of *due* need."""
    measured = [rule for rule in rules if rule.metric]
    measures, budgets = all_measures(), settings.cost.budget_of(project)
    labels = calibrations(lake, project, due.end)
    by_need: dict[str, int] = {}
    for rule in measured:
        by_need[rule.metric] = max(by_need.get(rule.metric, 0), needed_hours(rule, settings.alerts))
    readings = {
        name: Readings(name, measures[name], history(lake, project, name, due, hours), labels)
        for name, hours in by_need.items()
    }
    limits: dict[str | None, float | None] = {period: getattr(budgets, f"{period}_usd") for period in PERIODS}
    return {
        rule.name: Judgement(rule, readings[rule.metric], settings.alerts, limits.get(rule.since)) for rule in measured
    }


def history(lake: Lake, project: str, measure: str, due: Window, hours: int) -> History:
    """The measured hours of one measure in *due*, and so many *hours* before."""
    window = due.reaching_back(hours)
    return History.of(lake.sql(MEASURED, project, window, {"measures": [measure]}).to_pylist())


def calibrations(lake: Lake, project: str, at: dt.datetime) -> dict[str, list[Calibration]]:
    """By judge, what people's labels told of it on each day up to *at*."""
    window = Window.of_day(at.date()).reaching_back(REMEMBERED_DAYS * 24)
    rates: dict[tuple[str, dt.date], dict[str, dict[str, float]]] = {}
    for row in lake.sql(LABELLED, project, window).to_pylist():
        kind, _, judge = row["name"].partition("/")
        rates.setdefault((judge, row["start_time"].date()), {})[kind] = row
    found: dict[str, list[Calibration]] = {}
    for (judge, day), both in rates.items():
        if len(both) == 2:
            tpr, tnr = (
                labelled_rate(row["value"], row["low"], row["high"], int(row["n"]))
                for row in (both["judge_tpr"], both["judge_tnr"])
            )
            found.setdefault(judge, []).append(Calibration(day, tpr, tnr))
    return found


def events_of(lake: Lake, project: str, now: dt.datetime, days: int = REMEMBERED_DAYS) -> list[AlertEvent]:
    """What happened to alerts in the last *days*."""
    window = Window.of_day(now.date()).reaching_back(days * 24)
    return [AlertEvent.of(row) for row in lake.read(ALERT_EVENTS, project, window).to_pylist()]


def write_events(lake: Lake, project: str, settings: Settings, events: Sequence[AlertEvent]) -> None:
    """Append events: a file of its own for each day and set of events, so that no writer ever changes another's."""
    recorded = dt.datetime.now(dt.UTC)
    by_day: dict[dt.date, list[AlertEvent]] = {}
    for event in events:
        by_day.setdefault(event.start_time.date(), []).append(event)
    for day, mine in by_day.items():
        rows = [asdict(event) | {"recorded_at": recorded} for event in mine]
        file = digest(*sorted(event.event_id for event in mine))
        with lake.stage(ALERT_EVENTS, project, Window.of_day(day), file) as stage:
            stage.append(pa.Table.from_pylist(rows, schema=ALERT_EVENTS.schema))
            gate(stage, lake, settings.checks, partial=True)
            stage.publish()


def _since(lake: Lake, project: str, settings: Settings, clock: Clock) -> tuple[dt.datetime, Window | None]:
    """The first hour to look at: after the last evaluated one, not too far back; the last closed one at first.

    With the hours between, where it is too far back.
    """
    if clock.window is not None:
        return min(clock.window.start, clock.closed), None
    until = _read_progress(lake, project).get("evaluated_until")
    if until is None:
        ingested = ingested_hours(lake, project, Window(clock.closed - 24 * HOUR, clock.closed))
        return max(ingested, default=clock.closed), None
    return _not_before(clock.closed - settings.alerts.catch_up_hours * HOUR, dt.datetime.fromisoformat(until))


def _decided_until(lake: Lake, project: str, settings: Settings, clock: Clock) -> tuple[dt.datetime, Window | None]:
    """The same of judged measures: after the last decided day that was evaluated; yesterday at first."""
    until = _read_progress(lake, project).get("decided_until")
    if until is None:
        return Window.of_day(clock.closed.date()).start - DAY, None
    earliest = Window.of_day((clock.closed - settings.alerts.catch_up_hours * HOUR).date()).start - DAY
    return _not_before(earliest, dt.datetime.fromisoformat(until))


def _not_before(earliest: dt.datetime, until: dt.datetime) -> tuple[dt.datetime, Window | None]:
    return max(until, earliest), Window(until, earliest) if until < earliest else None


def _read_progress(lake: Lake, project: str) -> dict[str, str]:
    content = lake.get_file(_progress(project))
    known: dict[str, str] = json.loads(content) if content else {}
    return known


def _set_progress(lake: Lake, project: str, decided_from: dt.datetime, **hours: Sequence[dt.datetime]) -> None:
    """Note by name the end of the last of the *hours*; one that was noted before and is later stays.

    From which day on decisions are waited for is noted at first, or a day that no night decides would never be over.
    """
    known = _read_progress(lake, project)
    ends = {name: (mine[-1] + HOUR).astimezone(dt.UTC).isoformat() for name, mine in hours.items() if mine}
    first = {"decided_until": decided_from.astimezone(dt.UTC).isoformat()}
    said = first | known | {name: max(known.get(name, ""), end) for name, end in ends.items()}
    if said != known:
        lake.put_file(_progress(project), json.dumps(said).encode())


def _progress(project: str) -> str:
    return f"progress/project={quote(project, safe='')}/alerting.json"
