"""Anchors: the same questions put to a judge in every run, to see whether it still answers as it did.

The first units that a version judges become its anchors, chosen by a hash; their prompts and verdicts stay in the lake
below `anchors_on_record/`. A provider that changes a model under its name is found out by them.
"""

import asyncio
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from tasks.evaluate.asking import Asker, Verdict
from tasks.evaluate.cases import Case
from tasks.evaluate.judge import Judge
from tasks.shared.checks import gate
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import CheckSettings
from tasks.shared.statistics.sampling import position
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANCHORS

SALT, HOURS_OF_DAY = "anchors", 24


def anchors_of(lake: Lake, project: str, judge: Judge) -> list[dict[str, Any]]:
    """The anchors on record: `unit_id`, `messages` and `label`."""
    recorded = lake.get_file(_path(project, judge))
    return [] if recorded is None else list(json.loads(recorded))


def record_anchors(asker: Asker, lake: Lake, unit_ids: Sequence[str], judged: Sequence[tuple[Case, Verdict]]) -> None:
    """Make scored cases of *judged* anchors, until the judge has as many as the settings say; *unit_ids* by place."""
    count, path = asker.settings.anchors, _path(asker.brief.project, asker.judge)
    anchors = anchors_of(lake, asker.brief.project, asker.judge)
    if len(anchors) >= count:
        return
    scored = [(unit_ids[case.place], case, verdict) for case, verdict in judged if verdict.status == "scored"]
    chosen = sorted(scored, key=lambda one: position(one[0], SALT))[: count - len(anchors)]
    anchors += [{"unit_id": u, "messages": case.messages, "label": v.score.label} for u, case, v in chosen]
    if chosen:
        lake.put_file(path, json.dumps(anchors).encode())


def anchors_to_ask(
    lake: Lake, project: str, judge: Judge, count: int, *, run: str, now: dt.datetime
) -> list[dict[str, Any]]:
    """The anchors that are due: once there are *count*, all of them, once a *run*, however many windows it has."""
    query = "SELECT count(*) AS n FROM anchors WHERE judge = $judge AND version = $version AND run = $run"
    asked = {"judge": judge.name, "version": judge.version, "run": run}
    anchors = anchors_of(lake, project, judge) if count else []
    lately = Window.of_day(now.date()).reaching_back(HOURS_OF_DAY)
    if len(anchors) < count or lake.sql(query, project, lately, asked)["n"][0].as_py():
        return []
    return anchors[:count]


async def ask_anchors(asker: Asker, lake: Lake, settings: CheckSettings, now: dt.datetime) -> list[Verdict]:
    """Ask the anchors that are due, and write to `anchors` which of them got the label on record."""
    brief = asker.brief
    anchors = anchors_to_ask(lake, brief.project, asker.judge, asker.settings.anchors, run=brief.run, now=now)
    if not anchors:
        return []
    verdicts = await asyncio.gather(*(asker.anew(anchor["messages"], "anchor") for anchor in anchors))
    rows = [
        {
            "start_time": now,
            "judge": asker.judge.name,
            "version": asker.judge.version,
            "run": brief.run,
            "unit_id": anchor["unit_id"],
            "model": verdict.model,
            "recorded": anchor["label"],
            "label": verdict.score.label,
        }
        for anchor, verdict in zip(anchors, verdicts, strict=True)
        if verdict.status == "scored"
    ]
    table = pa.Table.from_pylist(rows, schema=ANCHORS.schema)
    file = f"{asker.judge.title}-{brief.run}"
    with lake.stage(ANCHORS, brief.project, _hour(now), file=file) as stage:
        stage.append(table)
        await asyncio.to_thread(gate, stage, lake, settings)
        stage.publish()
    return list(verdicts)


def _hour(now: dt.datetime) -> Window:
    start = now.replace(minute=0, second=0, microsecond=0)
    return Window(start, start + HOUR)


def _path(project: str, judge: Judge) -> str:
    return f"anchors_on_record/project={quote(project, safe='')}/{judge.title}.json"
