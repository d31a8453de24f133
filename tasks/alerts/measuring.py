"""From the tables to `measurements`: every closed, ingested hour once, and again when its files changed since."""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from tasks.alerts.hours import ingested_hours
from tasks.alerts.measure import Measure, all_measures
from tasks.shared.checks import gate
from tasks.shared.errors import NightjarError
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import MEASUREMENTS, TABLES
from tasks.shared.values import twelve_digits

# Late spans, decisions and feedback change hours of the last days. Older days are measured once, some with each run.
LOOKED_AGAIN_DAYS = 3
OLD_DAYS_AT_ONCE = 7
DECIDED = "SELECT DISTINCT evaluator, version FROM decisions WHERE kind = 'llm'"
PASSING = pa.schema([("evaluator", pa.string()), ("version", pa.string()), ("passes_at", pa.float64())])
NOTHING = {"n": 0, "clusters": 0, "sketch": "", "example": None} | dict.fromkeys(
    ("weight", "total", "weight_squares", "total_squares", "products"), 0.0
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """How much was measured: hours times measures, rows of the days' files, days still to come.

    `troubles` tell of the measures that failed, a sentence each; the others are measured all the same.
    """

    hours: int = 0
    rows: int = 0
    days_left: int = 0
    troubles: tuple[str, ...] = ()


def measure(lake: Lake, project: str, settings: Settings, closed: dt.datetime, days: int) -> Measured:
    """Measure what has to be of the *days* up to *closed*, the end of the last closed hour; newest first."""
    wanted = [closed.date() - dt.timedelta(days=back) for back in range(days)]
    in_lake = {day for name in ("spans", "decisions", "annotations") for day in lake.days(TABLES[name], project)}
    with lake.one_writer(f"measuring-{project}"):
        how, known = _how_measured(settings), _known_days(lake, project)
        young = wanted[: LOOKED_AGAIN_DAYS + 1]
        old = [day for day in wanted if day not in young and day in in_lake and known.get(str(day)) != how]
        hours, rows, troubles = 0, 0, list[str]()
        for day in (*young, *old[:OLD_DAYS_AT_ONCE]):
            window = Window.of_day(day)
            if window.start < closed:
                done = _measure_day(lake, project, settings, Window(window.start, min(window.end, closed)))
                hours, rows = hours + done.hours, rows + done.rows
                troubles += done.troubles
                if not done.troubles:
                    known[str(day)] = how
        lake.put_file(_known_path(project), json.dumps(known, sort_keys=True).encode())
    return Measured(hours, rows, len(old[OLD_DAYS_AT_ONCE:]), tuple(troubles))


def read_gauges(lake: Lake, project: str, settings: Settings, closed: dt.datetime) -> Measured:
    """Look at every gauge and note what it says for the last closed hour, unless that is noted already."""
    hour, gauges = closed - HOUR, {name: it for name, it in all_measures().items() if it.read}
    with lake.one_writer(f"measuring-{project}"):
        stored = _stored(lake, project, Window.of_day(hour.date()))
        seen = {row["measure"] for row in stored if row["start_time"] == hour}
        fresh, troubles = list[Row](), list[str]()
        for name, it in gauges.items():
            if it.read is None or name in seen:
                continue
            try:
                read = it.read(lake, project, closed)
            except (NightjarError, OSError) as error:
                troubles.append(f"{name} cannot be read: {error}")
            else:
                fresh += [_gauge_row(name, hour, dimension, value) for dimension, value in read.items()]
        if fresh:
            _write(lake, project, settings, Window.of_day(hour.date()), [*stored, *fresh])
    return Measured(rows=len(fresh), troubles=tuple(troubles))


def _measure_day(lake: Lake, project: str, settings: Settings, window: Window) -> Measured:
    """Measure the hours of a day that are in and were not measured as they are now."""
    ingested = ingested_hours(lake, project, window)
    stored = _stored(lake, project, Window.of_day(window.start.date()))
    sources = {(row["measure"], row["start_time"]): row["source"] for row in stored}
    stamps = _stamps(lake, project, window)
    options = _options(settings)
    fresh: dict[tuple[str, dt.datetime], list[Row]] = {}
    troubles: list[str] = []
    for name, it in all_measures().items():
        if it.read:
            continue
        asked = {parameter: options[parameter] for parameter in it.parameters}
        current = {hour: _source(it, hour, stamps, asked) for hour in ingested}
        due = sorted(hour for hour, source in current.items() if sources.get((name, hour)) != source)
        try:
            measured = _measured(lake, project, it, due, asked)
        except NightjarError as error:
            troubles.append(f"{name} cannot be measured on {window.start:%Y-%m-%d}: {error}")
            continue
        for hour, rows in measured.items():
            fresh[name, hour] = [row | {"measure": name, "source": current[hour]} for row in rows]
    if not fresh:
        return Measured(troubles=tuple(troubles))
    kept = [row for row in stored if (row["measure"], row["start_time"]) not in fresh]
    rows = [*kept, *(row for rows in fresh.values() for row in rows)]
    _write(lake, project, settings, Window.of_day(window.start.date()), rows)
    return Measured(len(fresh), len(rows), troubles=tuple(troubles))


def _measured(
    lake: Lake, project: str, it: Measure, due: Sequence[dt.datetime], asked: Mapping[str, Any]
) -> dict[dt.datetime, list[Row]]:
    """Rows by hour; the whole project has one also where there was nothing."""
    if not due:
        return {}
    window = Window(due[0], due[-1] + HOUR)
    relations = {"passing": _passing(lake, project, window)} if "passing" in it.query else None
    found: dict[dt.datetime, list[Row]] = {hour: [] for hour in due}
    for row in lake.sql(it.sql, project, window, asked, relations).to_pylist():
        if row["start_time"] in found:
            found[row["start_time"]].append(_rounded(row))
    for hour, rows in found.items():
        if not any(row["dimension"] == "" for row in rows):
            rows.append({"start_time": hour, "dimension": "", **NOTHING})
    return found


def _passing(lake: Lake, project: str, window: Window) -> pa.Table:
    """At which score each judge that decided in *window* passes, by what the lake remembers of its version."""
    rows = []
    for row in lake.sql(DECIDED, project, window).to_pylist():
        content = lake.get_file(f"judges/{row['evaluator']}@{row['version']}.json")
        if content:
            rows.append(row | {"passes_at": json.loads(content)["question"].get("passes_at", 0.5)})
    return pa.Table.from_pylist(rows, schema=PASSING)


def _options(settings: Settings) -> dict[str, Any]:
    feedback = settings.feedback
    rated = {"positive": list(feedback.positive), "negative": list(feedback.negative)}
    return settings.alerts.options() | rated | {"feedback": list(settings.curation.feedback)}


def _stamps(lake: Lake, project: str, window: Window) -> dict[str, dict[str, list[str]]]:
    """By table and partition, what its files are: a file that was written again has another stamp."""
    names = sorted({name for it in all_measures().values() for name in it.tables})
    found: dict[str, dict[str, list[str]]] = {}
    for name in names:
        folders: dict[str, list[str]] = defaultdict(list)
        for path, stamp in lake.stamps(TABLES[name], project, window).items():
            folders[path.rpartition("/")[0]].append(f"{path.rpartition('/')[2]} {stamp}")
        found[name] = {
            f"{hour:%H}": folders.get(lake.partition(TABLES[name], project, hour), []) for hour in window.hours()
        }
    return found


def _source(
    it: Measure, hour: dt.datetime, stamps: Mapping[str, Mapping[str, list[str]]], asked: Mapping[str, Any]
) -> str:
    files = [stamp for name in it.tables for stamp in stamps[name][f"{hour:%H}"]]
    said = json.dumps([it.sql, asked, files], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _gauge_row(name: str, hour: dt.datetime, dimension: str, value: float) -> Row:
    one = {"n": 1, "clusters": 1, "weight": 1.0, "weight_squares": 1.0, "total": value, "total_squares": value**2}
    about = {"start_time": hour, "measure": name, "dimension": dimension, "source": ""}
    return {**NOTHING, **about, **one, "products": value}


def _how_measured(settings: Settings) -> str:
    """Changes with every measure and setting: days that were measured otherwise are measured again."""
    options = _options(settings)
    measures = {
        name: [it.sql, [options[parameter] for parameter in it.parameters]] for name, it in all_measures().items()
    }
    return hashlib.sha256(json.dumps(measures, sort_keys=True).encode()).hexdigest()[:16]


def _known_days(lake: Lake, project: str) -> dict[str, str]:
    """By day, how it was measured last."""
    content = lake.get_file(_known_path(project))
    known: dict[str, str] = json.loads(content) if content else {}
    return known


def _known_path(project: str) -> str:
    return f"progress/project={quote(project, safe='')}/measured.json"


def _stored(lake: Lake, project: str, day: Window) -> list[Row]:
    rows: list[Row] = lake.read(MEASUREMENTS, project, day).to_pylist()
    return rows


def _write(lake: Lake, project: str, settings: Settings, day: Window, rows: Iterable[Row]) -> None:
    ordered = sorted(rows, key=lambda row: (row["start_time"], row["measure"], row["dimension"]))
    with lake.stage(MEASUREMENTS, project, day) as stage:
        stage.append(pa.Table.from_pylist(ordered, schema=MEASUREMENTS.schema))
        gate(stage, lake, settings.checks, partial=True)
        stage.publish()


def _rounded(row: Row) -> Row:
    """The same on every way to it: an hour may be added up again in another order."""
    return {k: twelve_digits(v) if isinstance(v, float) else v for k, v in row.items()}
