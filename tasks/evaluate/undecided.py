"""Which units of a window await a decision, and which decisions stand."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson
import pyarrow as pa

from tasks.evaluate.catalogue import Ready
from tasks.evaluate.units import view_sql, window_to_read
from tasks.shared.records import HOUR, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, SPANS

MIB = 2**20
PAID_AT_MOST = 500
SLICE_MIB = 64  # of Parquet: about 100,000 spans

UNITS = """
WITH units AS ({view}),
eligible AS (SELECT *, {digest} AS unit_digest FROM units WHERE {select}),
made AS (
    SELECT * FROM decisions
    WHERE evaluator = $evaluator AND version = $version AND start_time >= $start AND start_time < $end
),
decided AS (SELECT * FROM made WHERE status NOT IN ({open})),
owed AS (
    SELECT unit_id, unit_digest, inclusion_probability AS drawn_with, stratum AS drawn_from
    FROM made WHERE status IN ({open})
)
"""
# What another run may still decide: it did not come to it, or something outside failed.
OPEN = ("pending", "budget_stopped", "errored")
UNDECIDED = """
SELECT {columns}, drawn_with, drawn_from,
    unit_id IN (SELECT unit_id FROM made WHERE status = 'scored' OR scored_before) AS scored_before
FROM eligible ANTI JOIN decided USING (unit_id, unit_digest) LEFT JOIN owed USING (unit_id, unit_digest)
ORDER BY start_time, unit_id
"""
# A unit of which no span is left (raw data may be deleted before its scores) keeps its decision. One that is still
# there but changed, or that an earlier late span moved to another hour, does not.
STANDING = """
SELECT decided.* FROM decided
WHERE EXISTS (FROM eligible WHERE eligible.unit_id = decided.unit_id AND eligible.unit_digest = decided.unit_digest)
    OR NOT EXISTS (FROM spans WHERE spans.{unit}_id = decided.unit_id)
"""
# Units with what their decision took, where it was paid for.
PAID = """
SELECT {columns}, read_tokens, written_tokens
FROM eligible JOIN (
    SELECT unit_id, unit_digest, prompt_tokens AS read_tokens, completion_tokens AS written_tokens
    FROM decided WHERE prompt_tokens > 0
) USING (unit_id, unit_digest)
ORDER BY start_time DESC, unit_id LIMIT {limit}
"""
# Hours with units to decide, or with decisions that do not stand.
TO_DO = """
SELECT date_trunc('hour', start_time) AS hour, count(DISTINCT unit_id) AS units
FROM (
    SELECT unit_id, start_time FROM eligible ANTI JOIN decided USING (unit_id, unit_digest)
    UNION ALL
    SELECT unit_id, start_time FROM made ANTI JOIN ({standing}) AS standing USING (unit_id)
)
GROUP BY hour
ORDER BY hour
"""


def slices(lake: Lake, project: str, window: Window) -> Iterator[Window]:
    """*window* in parts of whole hours, so small that a part's spans fit in memory; mostly it is one part."""
    stored_mib = sum(info.size for info in lake.filesystem.get_file_info(lake.files(SPANS, project, window))) / MIB
    hours = len(list(window.hours()))
    step = max(1, int(hours / max(1.0, stored_mib / SLICE_MIB)))
    for offset in range(0, hours, step):
        start = window.start + offset * HOUR
        yield Window(start, min(start + step * HOUR, window.end))


class Part(NamedTuple):
    """Some whole hours of a window, and how many units they have to decide."""

    window: Window
    units: int


def newest_first(lake: Lake, project: str, window: Window, ready: Ready, units_at_most: int) -> Iterator[Part]:
    """The parts of *window* with something to decide, latest first, of whole hours and about so many units each."""
    for day in reversed(list(window.by_day())):
        waiting = 0
        end: dt.datetime | None = None
        start = day.start
        hours = _query(lake, project, day, ready, TO_DO.format(standing=STANDING.format(unit=ready.evaluator.unit)))
        for row in reversed(hours.to_pylist()):
            if end is not None and waiting + row["units"] > units_at_most:
                yield Part(Window(start, end), waiting)
                waiting, end = 0, None
            start, end = row["hour"], end or row["hour"] + HOUR
            waiting += row["units"]
        if end is not None:
            yield Part(Window(start, end), waiting)


def undecided(
    lake: Lake, project: str, window: Window, ready: Ready, more: Mapping[str, str] | None = None
) -> pa.Table:
    """Eligible units that start in *window* and have no decision on their present content.

    Columns: `unit_id`, `trace_id`, `start_time`, `unit_digest`, `scored_before`, what the evaluator needs, and *more*
    SQL expressions by name. `drawn_with` and `drawn_from` are the inclusion probability and stratum of a unit that a
    judge drew before and still owes.
    """
    columns = dict.fromkeys(("unit_id", "trace_id", "start_time", "unit_digest", *ready.evaluator.needs))
    query = UNDECIDED.format(columns=", ".join([*(f'"{column}"' for column in columns), *_named(more)]))
    return _query(lake, project, window, ready, query)


def standing(lake: Lake, project: str, window: Window, ready: Ready) -> pa.Table:
    """The evaluator's decisions in *window* that need not be made again."""
    if not _has_decided(lake, project, window, ready):
        return DECISIONS.schema.empty_table()
    return _query(lake, project, window, ready, STANDING.format(unit=ready.evaluator.unit))


def eligible(
    lake: Lake, project: str, window: Window, ready: Ready, more: Mapping[str, str] | None = None, *, ids: Sequence[str]
) -> pa.Table:
    """The units *ids* that start in *window*, as far as the evaluator asks about them: `unit_id` and *more*."""
    columns = ", ".join(["unit_id", *_named(more)])
    query = f"SELECT {columns} FROM eligible WHERE list_contains($ids, unit_id) ORDER BY start_time, unit_id"
    return _query(lake, project, window, ready, query, ids=list(ids))


def paid(lake: Lake, project: str, window: Window, ready: Ready, more: Mapping[str, str]) -> pa.Table:
    """Some units of *window* whose decision used tokens: as `undecided`, with `read_tokens` and `written_tokens`."""
    if not _has_decided(lake, project, window, ready):
        return pa.table({"read_tokens": pa.array([], pa.int64()), "written_tokens": pa.array([], pa.int64())})
    columns = ["unit_id", "trace_id", "start_time", "unit_digest", *_named(more)]
    return _query(lake, project, window, ready, PAID.format(columns=", ".join(columns), limit=PAID_AT_MOST))


def _has_decided(lake: Lake, project: str, window: Window, ready: Ready) -> bool:
    return any(file.endswith(f"/{ready.title}.parquet") for file in lake.files(DECISIONS, project, window))


def _named(expressions: Mapping[str, str] | None) -> list[str]:
    """SQL expressions under their names."""
    return [f'({sql}) AS "{name}"' for name, sql in (expressions or {}).items()]


def _query(lake: Lake, project: str, window: Window, ready: Ready, query: str, /, **more: object) -> pa.Table:
    """Run *query* over `eligible`, `decided` and `spans`, with *more* parameters.

    The evaluator's `select` may use its parameters as JSON.
    """
    evaluator, parameters = ready.evaluator, _as_json(ready.parameters)
    units = UNITS.format(
        view=view_sql(evaluator.unit),
        digest=_digest_sql(parameters),
        select=evaluator.select,
        open=", ".join(f"'{status}'" for status in OPEN),
    )
    values = {"start": window.start, "end": window.end, "evaluator": ready.name, "version": evaluator.version}
    values |= {key: value for key, value in parameters.items() if f"${key}" in evaluator.select}
    values |= more
    own = {DECISIONS.name: ready.title}
    return lake.sql(units + query, project, window_to_read(evaluator.unit, window), values, only=own)


def _as_json(parameters: Mapping[str, object]) -> dict[str, str]:
    # A secret (the URL of a database) is text of its own, masked.
    return {key: orjson.dumps(value, str, orjson.OPT_SORT_KEYS).decode() for key, value in parameters.items()}


def _digest_sql(parameters: Mapping[str, str]) -> str:
    """A changed threshold asks a new question, so the parameters are part of the digest."""
    if not parameters:
        return "digest"
    salt = hashlib.md5(repr(sorted(parameters.items())).encode(), usedforsecurity=False).hexdigest()
    return f"left(md5(digest || '{salt}'), 16)"
