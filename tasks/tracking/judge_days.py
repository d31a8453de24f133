"""From the lake to the judges' days: their decisions of the day, and people's labels of the days up to it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from tasks.shared.records import ORDER_DECIDED, Unit, Window
from tasks.shared.settings import JudgeSettings
from tasks.shared.statistics.drift import AnchorRun
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS
from tasks.tracking.human_labels import HumanLabel, label_of, labels_in_file
from tasks.tracking.judge_day import JudgeDay, JudgedUnit, Overlap
from tasks.tracking.known_judges import KnownJudge, known_judge
from tasks.tracking.pairs import Labels, paired

# Fewer units scored by two versions say too little of how the two differ.
LEAST_OVERLAP = 20
HOURS_OF_DAY = 24

JUDGES = """
SELECT evaluator, arg_max(version, (decided_at, version)) AS version FROM decisions
WHERE kind = 'llm' GROUP BY evaluator ORDER BY evaluator
"""
# How long the output is that a unit shows to its judges.
LENGTHS: dict[Unit, str] = {
    "span": "SELECT span_id AS unit_id, length(output) AS characters FROM spans",
    "trace": """SELECT trace_id AS unit_id,
        first(length(output) ORDER BY parent_id IS NOT NULL, start_time, span_id) AS characters
        FROM spans GROUP BY trace_id""",
    "session": """SELECT session_id AS unit_id, CAST(sum(length(output)) AS BIGINT) AS characters
        FROM spans WHERE parent_id IS NULL AND session_id IS NOT NULL GROUP BY session_id""",
}
SCORED = """
WITH lengths AS ({lengths})
SELECT unit_id, coalesce(trace_id, unit_id) AS trace, score, inclusion_probability AS probability, characters
FROM decisions LEFT JOIN lengths USING (unit_id)
WHERE evaluator = $name AND version = $version AND status = 'scored' AND score IS NOT NULL ORDER BY unit_id
"""
STATUSES = """
SELECT status, count(*) AS units, fsum(1 / inclusion_probability) AS weight,
    count(*) FILTER (starts_with(explanation, $order)) AS order_decided
FROM decisions WHERE evaluator = $name AND version = $version GROUP BY status
"""
SAID = """
SELECT name, annotations.unit, annotations.unit_id, label, score, user_id, identifier, metadata, annotations.start_time,
    label_queue.inclusion_probability AS queued_with
FROM annotations LEFT JOIN label_queue ON label_queue.evaluator = name AND label_queue.unit_id = annotations.unit_id
WHERE annotator_kind = 'HUMAN' AND list_contains($judges, name)
ORDER BY coalesce(updated_at, created_at, annotations.start_time), annotation_id
"""
LABELLED = """
SELECT unit_id, coalesce(trace_id, unit_id) AS trace, start_time, score, label, inclusion_probability AS probability
FROM decisions SEMI JOIN labelled USING (unit_id)
WHERE evaluator = $name AND version = $version AND status = 'scored' ORDER BY start_time, unit_id
"""
BOTH_SCORED = """
WITH scored AS (
    SELECT unit_id, version, score, decided_at FROM decisions
    WHERE evaluator = $name AND status = 'scored' AND score IS NOT NULL
)
SELECT old.version AS old, new.version AS new, list(old.score) AS old_scores, list(new.score) AS new_scores,
       max(old.decided_at) AS latest
FROM scored AS old JOIN scored AS new USING (unit_id) WHERE old.decided_at < new.decided_at
GROUP BY old.version, new.version
"""

# What a judge answered to the questions it is asked again and again, run by run.
ANCHORED = """
SELECT count(*) AS n, count(*) FILTER (label = recorded) AS agreed
FROM anchors WHERE judge = $name AND version = $version GROUP BY run ORDER BY min(start_time)
"""


def judges_of(lake: Lake, project: str, day: Window) -> list[KnownJudge]:
    """The judges that decided anything of *day*, each in the version that decided last."""
    found = (known_judge(lake, **row) for row in _named(lake.sql(JUDGES, project, day)))
    return [judge for judge in found if judge]


def judge_days(
    lake: Lake, project: str, day: Window, judges: Iterable[KnownJudge], settings: JudgeSettings
) -> Iterator[JudgeDay]:
    """The day, or longer period, of each of *judges*.

    Labels and earlier versions are looked for `judges.calibration_days` back.
    """
    judges = list(judges)
    last = Window.of_day(day.days()[-1])
    reach = last.reaching_back((settings.calibration_days - 1) * HOURS_OF_DAY)
    before = Window(min(reach.start, day.start), day.end)
    said = _annotated(lake, project, before, judges)
    files = lake.files(DECISIONS, project, before) if judges else []
    for judge in judges:
        labels, days = said.get(judge.name, ([], set()))
        path = settings.label_files.get(judge.name)
        windows = [before] if path else list(_together(days))
        labels = [*labels, *(labels_in_file(path) if path else ())]
        yield JudgeDay(
            judge=judge,
            day=day.days()[-1],
            first=day.start.date(),
            labels=_labels(lake, project, judge, labels, windows),
            overlaps=_overlaps(lake, project, judge, files),
            anchors=_anchored(lake, project, judge),
            **_decided(lake, project, judge, day),
        )


def _decided(lake: Lake, project: str, judge: KnownJudge, day: Window) -> dict[str, Any]:
    """What the judge decided on *day*, as fields of JudgeDay."""
    asked, only = {"name": judge.name, "version": judge.version}, {DECISIONS.name: judge.title}
    units = lake.sql(SCORED.format(lengths=LENGTHS[judge.unit]), project, day, asked, only=only)
    statuses = lake.sql(STATUSES, project, day, {**asked, "order": ORDER_DECIDED}, only=only).to_pylist()
    return {
        "units": tuple(JudgedUnit(*values) for values in zip(*units.to_pydict().values(), strict=True)),
        "statuses": {row["status"]: row["units"] for row in statuses},
        "weights": {row["status"]: row["weight"] for row in statuses},
        "order_decided": sum(row["order_decided"] for row in statuses),
    }


def _anchored(lake: Lake, project: str, judge: KnownJudge) -> tuple[AnchorRun, ...]:
    """Every run's anchors: the time that counts is when they were asked, not which day is looked at."""
    rows = lake.sql(ANCHORED, project, None, {"name": judge.name, "version": judge.version}).to_pylist()
    return tuple(AnchorRun(row["n"], row["agreed"]) for row in rows)


def _labels(lake: Lake, project: str, judge: KnownJudge, said: list[HumanLabel], windows: Iterable[Window]) -> Labels:
    """*said* beside the judge's decisions in *windows*."""
    asked, only = {"name": judge.name, "version": judge.version}, {DECISIONS.name: judge.title}
    labelled = {"labelled": pa.table({"unit_id": pa.array(sorted({label.unit_id for label in said}), pa.string())})}
    decided = (lake.sql(LABELLED, project, window, asked, labelled, only=only) for window in windows)
    return paired(judge, said, [row for rows in decided for row in rows.to_pylist()])


def _annotated(
    lake: Lake, project: str, window: Window, judges: Iterable[KnownJudge]
) -> dict[str, tuple[list[HumanLabel], set[dt.date]]]:
    """By judge, people's labels in its name, and the days of the labelled units."""
    units = {judge.name: judge.unit for judge in judges}
    found: dict[str, tuple[list[HumanLabel], set[dt.date]]] = defaultdict(lambda: ([], set()))
    for row in lake.sql(SAID, project, window, {"judges": list(units)}).to_pylist() if units else ():
        if row["unit"] == units[row["name"]]:
            labels, days = found[row["name"]]
            labels.append(label_of(row))
            days.add(row["start_time"].date())
    return found


def _overlaps(lake: Lake, project: str, judge: KnownJudge, files: Iterable[str]) -> tuple[Overlap, ...]:
    """What two versions of the judge both scored, from the first version that leads to this one.

    *files* are those of the decisions to look at.
    """
    versions: dict[str, set[str]] = defaultdict(set)
    for file in files:
        folder, _, name = file.rpartition("/")
        if name.startswith(f"{judge.name}@"):
            versions[folder].add(name.removesuffix(".parquet"))
    shared = {folder: titles for folder, titles in versions.items() if len(titles) > 1}
    only = {DECISIONS.name: tuple(sorted(set().union(*shared.values())))}
    scores: dict[tuple[str, str], Overlap] = {}
    latest: dict[tuple[str, str], dt.datetime] = {}
    for part in _together({_day_of(folder) for folder in shared}):
        for row in lake.sql(BOTH_SCORED, project, part, {"name": judge.name}, only=only).to_pylist():
            pair = row["old"], row["new"]
            sofar = scores.get(pair, Overlap((), ()))
            scores[pair] = Overlap((*sofar.old, *row["old_scores"]), (*sofar.new, *row["new_scores"]))
            latest[pair] = max(row["latest"], latest.get(pair, row["latest"]))
    return _chain({pair: scores[pair] for pair in sorted(scores, key=latest.__getitem__, reverse=True)}, judge.version)


def _chain(scores: dict[tuple[str, str], Overlap], version: str) -> tuple[Overlap, ...]:
    """The overlaps that lead to *version*, each with the latest version that has enough units in common.

    The *scores* of pairs of versions come with those first of which the older one decided last.
    """
    chain: list[Overlap] = []
    seen = {version}
    while True:
        enough = [
            (pair, overlap)
            for pair, overlap in scores.items()
            if pair[1] == version and pair[0] not in seen and len(overlap.old) >= LEAST_OVERLAP
        ]
        if not enough:
            return tuple(chain)
        (version, _), overlap = enough[0]
        seen.add(version)
        chain.insert(0, overlap)


def _day_of(folder: str) -> dt.date:
    return dt.date.fromisoformat(folder.rpartition("date=")[2][:10])


def _together(days: Iterable[dt.date]) -> Iterator[Window]:
    """Windows that cover *days* and no other; neighbours share one."""
    last: Window | None = None
    for day in map(Window.of_day, sorted(days)):
        if last and last.end == day.start:
            last = Window(last.start, day.end)
            continue
        if last:
            yield last
        last = day
    if last:
        yield last


def _named(rows: pa.Table) -> list[dict[str, Any]]:
    return [{"name": row["evaluator"], "version": row["version"]} for row in rows.to_pylist()]
