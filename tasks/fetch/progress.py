"""Which days are done: a day is done when every stage has run on the spans and annotations that lie there now.

The mark is a digest of what the stages worked on, so a run that is killed, or late spans, leave a day undone. A day of
which judgments are still in a batch, or owed, is on a list beside it and comes up again.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from tasks.shared.checks import recorded
from tasks.shared.records import DAY, REACH_HOURS, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS

ASK_AGAIN_DAYS = 7
# Why a day comes up again: judgments are awaited, or people labelled its units later than the lookback.
Why = Literal["awaited", "relabelled"]
# The day's spans, and those of the hours around it that belong to a trace or a session of the day: its evaluators read
# them too.
CONTENT_SQL = """
    WITH traces AS (
        SELECT trace_id, max(session_id) AS session_id,
               bool_or(start_time >= $start AND start_time < $end) AS of_the_day
        FROM spans GROUP BY trace_id
    ),
    read AS (
        SELECT span_id, digest FROM spans JOIN traces USING (trace_id)
        WHERE of_the_day OR traces.session_id IN (SELECT session_id FROM traces WHERE of_the_day)
    ),
    noted AS (
        SELECT hash(annotation_id, name, unit_id, label, score, explanation, metadata) AS digest
        FROM annotations WHERE start_time >= $start AND start_time < $end
    )
    SELECT concat_ws(':', (SELECT count(*) FROM read), (SELECT coalesce(bit_xor(hash(span_id, digest)), 0) FROM read),
                     (SELECT count(*) FROM noted), (SELECT coalesce(bit_xor(digest), 0) FROM noted))
"""


@dataclass(frozen=True)
class OutdatedDay:
    """A UTC day that the stages have not seen as it is now, with the digest of what it holds.

    Where it is not to be `judged`, nothing but people's labels is new: its metrics change, and no unit's decision.
    """

    day: dt.date
    content: str
    judged: bool = True


def content(lake: Lake, project: str, day: dt.date) -> str:
    """A digest of what the stages read for one day: its annotations, and the spans of its traces and sessions."""
    window = Window.of_day(day)
    within = {"start": window.start, "end": window.end}
    digest = lake.sql(CONTENT_SQL, project, window.around(REACH_HOURS["session"]), within)
    return str(digest.column(0)[0].as_py())


def ingested(lake: Lake, project: str, day: dt.date) -> bool:
    """Whether the day was ever ingested, be it without a span, and not kept out by a critical check."""
    verdicts = _verdicts(lake, project, day)
    return bool(verdicts) and all(c["success"] or c["severity"] != "critical" for c in verdicts)


def missed(lake: Lake, project: str, days: Sequence[dt.date]) -> set[dt.date]:
    """Those of consecutive *days* that no run ever looked at, though one looked at the day before them.

    That is what an outage leaves. Days from before the first are none of them, nor is one that a critical check kept
    out.
    """
    found: set[dt.date] = set()
    for day in days:
        before = day - DAY
        if not _verdicts(lake, project, day) and (before in found or _verdicts(lake, project, before)):
            found.add(day)
    return found


def is_done(lake: Lake, project: str, candidate: OutdatedDay) -> bool:
    """Whether the day's mark agrees with what lies there now."""
    mark = lake.get_file(_mark(project, candidate.day))
    return mark is not None and mark.decode() == candidate.content


def has_the_same_spans(lake: Lake, project: str, candidate: OutdatedDay) -> bool:
    """Whether the day was done once with the spans that lie there now, whatever has been said of them since."""
    mark = lake.get_file(_mark(project, candidate.day))
    return mark is not None and mark.decode().split(":")[:2] == candidate.content.split(":")[:2]


def is_outdated(lake: Lake, project: str, candidate: OutdatedDay) -> bool:
    """Whether the day was done once, with other content than lies there now."""
    mark = lake.get_file(_mark(project, candidate.day))
    return mark is not None and mark.decode() != candidate.content


def set_done(lake: Lake, project: str, outdated: OutdatedDay) -> None:
    """Mark the day as done with the content that the stages worked on."""
    lake.put_file(_mark(project, outdated.day), outdated.content.encode())


def comes_up_again(counts: Mapping[str, int], day: dt.date, today: dt.date) -> bool:
    """Whether a later night looks at the day again, by the *counts* of its decisions.

    For judgments in a batch always; for those that a judge owes otherwise (a budget was used up, a provider was down)
    on the nights of a week.
    """
    young = today - day <= dt.timedelta(days=ASK_AGAIN_DAYS)
    return bool(counts.get("pending")) or (young and bool(counts.get("to_ask_again")))


def awaited(lake: Lake, project: str, why: Why = "awaited") -> list[dt.date]:
    """The days that come up again, oldest first."""
    listed = lake.get_file(_list(project, why))
    return [dt.date.fromisoformat(day) for day in json.loads(listed)] if listed else []


def set_awaited(lake: Lake, project: str, day: dt.date, why: Why = "awaited", *, waits: bool) -> None:
    """Note whether the day comes up again."""
    with lake.one_writer(_list(project, why)):
        before = set(awaited(lake, project, why))
        after = before | {day} if waits else before - {day}
        if after != before:
            lake.put_file(_list(project, why), json.dumps([str(day) for day in sorted(after)]).encode())


def _verdicts(lake: Lake, project: str, day: dt.date) -> list[dict[str, Any]]:
    """What the checks of spans said of the day."""
    return [c for c in recorded(lake, project, Window.of_day(day)).to_pylist() if c["table_name"] == SPANS.name]


def _list(project: str, why: Why) -> str:
    return f"progress/project={quote(project, safe='')}/{why}.json"


def _mark(project: str, day: dt.date) -> str:
    return f"progress/project={quote(project, safe='')}/date={day}/done"
