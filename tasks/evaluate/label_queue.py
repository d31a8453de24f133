"""The queue of units that wait for people's labels: who is drawn, what is shown of them, how far it is, who agrees."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tasks.evaluate.judge import Judge
from tasks.evaluate.label_draw import Candidate, Drawn, Tally, draw, uncertainty
from tasks.evaluate.label_votes import Vote, passes, scale, votes
from tasks.shared.records import Window
from tasks.shared.settings import LabelSettings
from tasks.shared.statistics.confusion import Labelled, weighted_kappa
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, LABEL_QUEUE

HOURS_OF_DAY = 24
PASS, FAIL, ALL = "pass", "fail", "all"

JUDGED = """
SELECT unit_id, coalesce(trace_id, unit_id) AS trace_id, start_time, score, label FROM decisions
WHERE evaluator = $evaluator AND status = 'scored' AND ($label_only OR score IS NOT NULL) ORDER BY unit_id
"""
SAID = """
SELECT unit_id, label, score, concat_ws('/', nullif(user_id, ''), nullif(identifier, '')) AS annotator FROM annotations
WHERE annotator_kind = 'HUMAN' AND name = $evaluator AND unit = $unit
ORDER BY unit_id, coalesce(updated_at, created_at, start_time), annotation_id
"""
QUEUED = "SELECT * FROM label_queue WHERE evaluator = $evaluator ORDER BY start_time, unit_id"


@dataclass(frozen=True)
class Standing:
    """What is known of a judge's labels: its verdicts by unit, people's by unit, and the rows of the queue."""

    judged: Mapping[str, Mapping[str, Any]]
    voted: Mapping[str, Vote]
    queued: Sequence[Mapping[str, Any]]

    @property
    def awaiting(self) -> list[Mapping[str, Any]]:
        """The queued units that nobody has labelled yet."""
        return [row for row in self.queued if row["unit_id"] not in self.voted]


def standing(lake: Lake, project: str, window: Window, judge: Judge, lookback_days: int) -> Standing:
    """Where the labels of *judge* stand: verdicts and labels of the *lookback_days* that end with *window*."""
    past = Window(min(window.start, window.end - dt.timedelta(days=lookback_days)), window.end)
    who = {"evaluator": judge.name}
    judged = _judged(lake, project, past, judge)
    said = lake.sql(SAID, project, past, {**who, "unit": judge.unit}).to_pylist()
    queued = lake.sql(QUEUED, project, past, who, only={LABEL_QUEUE.name: judge.name}).to_pylist()
    return Standing(judged, votes(judge, said), queued)


def drawn(judge: Judge, now: Standing, window: Window, settings: LabelSettings) -> list[Drawn]:
    """The units of *window* to queue, so that `labels.per_judge` wait: none where so many wait already."""
    taken = {row["unit_id"] for row in now.queued} | set(now.voted)
    here = [row for row in now.judged.values() if window.start <= row["start_time"] < window.end]
    candidates = [
        Candidate(row["unit_id"], _passed(judge, row), _uncertainty(judge, row))
        for row in here
        if row["unit_id"] not in taken
    ]
    wanted = max(0, settings.per_judge - len(now.awaiting))
    return draw(candidates, _tallies(judge, now, here), wanted, settings.random_share, f"{judge.title} {window}")


def queue_rows(judge: Judge, now: Standing, chosen: Iterable[Drawn], at: dt.datetime) -> pa.Table:
    """Rows of LABEL_QUEUE for the units that were drawn."""
    label_only = scale(judge) is None
    rows = [
        {
            "unit": judge.unit,
            "unit_id": each.unit_id,
            "start_time": now.judged[each.unit_id]["start_time"],
            "evaluator": judge.name,
            "version": judge.version,
            "stratum": ALL if label_only else PASS if each.passed else FAIL,
            "inclusion_probability": each.probability,
            "queued_at": at,
        }
        for each in chosen
    ]
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["start_time"], row["unit_id"])), LABEL_QUEUE.schema)


def beside_people(judge: Judge, now: Standing) -> list[Labelled]:
    """The units that people and the judge gave a verdict, or a label where labels have no scores, queued or not.

    A queued unit weighs by the probability it was drawn with, as in the judge's metrics.
    """
    drawn = {row["unit_id"]: row["inclusion_probability"] for row in now.queued}
    units = []
    for unit_id, vote in now.voted.items():
        people = vote.label if scale(judge) is None else _side(vote.passes)
        if people and (row := now.judged.get(unit_id)):
            own = row["label"] if scale(judge) is None else _side(passes(judge, row["score"]))
            units.append(Labelled(people, own or "", row["trace_id"], drawn.get(unit_id, 1.0)))
    return units


def progress(judge: Judge, now: Standing) -> str:
    """How far the queue is, in a sentence."""
    waiting = len(now.awaiting)
    said = f"{judge.name}: {len(now.queued) - waiting} of {len(now.queued)} queued units are labelled"
    units = beside_people(judge, now)
    if not units:
        return f"{said}."
    same, kappa = sum(unit.human == unit.judge for unit in units), weighted_kappa(units)
    told = f" (kappa {kappa.value:.2f}, {kappa.low:.2f} to {kappa.high:.2f})" if kappa else ""
    return f"{said}; people agree with the judge on {same} of {len(units)} labelled units{told}."


def _judged(lake: Lake, project: str, window: Window, judge: Judge) -> dict[str, dict[str, Any]]:
    """The verdicts of this version by unit, and whether another version's verdict is another one."""
    files = {file.rpartition("/")[2].removesuffix(".parquet") for file in lake.files(DECISIONS, project, window)}
    versions = {title for title in files if title.startswith(f"{judge.name}@")}
    asked = {"evaluator": judge.name, "label_only": scale(judge) is None}
    verdicts = {
        title: {
            row["unit_id"]: row
            for row in lake.sql(JUDGED, project, window, asked, only={DECISIONS.name: title}).to_pylist()
        }
        for title in {*versions, judge.title}
    }
    own = verdicts.pop(judge.title)
    for unit_id, row in own.items():
        others = (version[unit_id]["label"] for version in verdicts.values() if unit_id in version)
        row["versions_disagree"] = any(label != row["label"] for label in others)
    return own


def _tallies(judge: Judge, now: Standing, here: Sequence[Mapping[str, Any]]) -> dict[bool, Tally]:
    """Units of the window by the judge's verdict, with what all labels say of that verdict."""
    judged, labelled, right = ({True: 0, False: 0} for _ in range(3))
    for row in here:
        judged[_passed(judge, row)] += 1
    for unit_id, vote in now.voted.items():
        if unit_id in now.judged and vote.passes is not None:
            side = passes(judge, now.judged[unit_id]["score"])
            labelled[side] += 1
            right[side] += _agrees(judge, now, unit_id)
    return {side: Tally(judged[side], labelled[side], right[side]) for side in (True, False)}


def _agrees(judge: Judge, now: Standing, unit_id: str) -> bool:
    return unit_id in now.judged and now.voted[unit_id].passes is passes(judge, now.judged[unit_id]["score"])


def _side(passed: bool | None) -> str | None:
    return None if passed is None else PASS if passed else FAIL


def _passed(judge: Judge, row: Mapping[str, Any]) -> bool:
    """On which side of the draw the unit is; all are on one where labels have no scores."""
    return scale(judge) is None or passes(judge, row["score"])


def _uncertainty(judge: Judge, row: Mapping[str, Any]) -> float:
    ends, versions_disagree = scale(judge), row["versions_disagree"]
    if ends is None:
        return float(versions_disagree)
    return uncertainty(row["score"], *ends, versions_disagree=versions_disagree)
