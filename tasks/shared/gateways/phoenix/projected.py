"""The fast route: `POST /v1/spans` with an explicit `select`, some traces a call, complete or not at all."""

import datetime as dt
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.shared.gateways.phoenix.attributes import Path
from tasks.shared.gateways.phoenix.connection import Connection, Json
from tasks.shared.gateways.phoenix.failures import Broken
from tasks.shared.gateways.phoenix.projects import Project
from tasks.shared.gateways.phoenix.rows import Row, rows_of_multipart, select, utc_text

logger = logging.getLogger(__name__)
ROWS_PER_CALL = 5_000
MICROSECOND = dt.timedelta(microseconds=1)
TRIES_WHILE_NARROWING = 3


@dataclass(frozen=True)
class Question:
    """What one call asks for: spans of *trace_ids* that start in `[start, end)`, with the subtrees under *paths*."""

    project: Project
    start: dt.datetime
    end: dt.datetime
    trace_ids: tuple[str, ...]
    paths: tuple[Path, ...] = ()
    span_ids: tuple[str, ...] = ()

    def body(self, row_limit: int) -> Json:
        """The request body. Without a limit of its own Phoenix silently stops at 1,000 arbitrary rows."""
        conditions = [f"trace_id in {list(self.trace_ids)!r}"]
        if self.span_ids:
            conditions.append(f"span_id in {list(self.span_ids)!r}")
        return {
            "queries": [{"select": select(self.paths), "filter": {"condition": " and ".join(conditions)}}],
            "start_time": self.start.isoformat(),
            "end_time": self.end.isoformat(),
            "limit": row_limit,
        }

    def parts(self, some: Sequence[Row]) -> tuple["Question", "Question"] | None:
        """Two questions with the same answer together; None when it cannot be cut further.

        Half the traces each; or for one trace, the times before and after the middle one of *some* of its rows.
        """
        if len(self.trace_ids) > 1:
            half = len(self.trace_ids) // 2
            return replace(self, trace_ids=self.trace_ids[:half]), replace(self, trace_ids=self.trace_ids[half:])
        if self.end - self.start <= MICROSECOND:
            return None
        starts = sorted(dt.datetime.fromisoformat(utc_text(row["start"])) for row in some)
        cut = max(starts[len(starts) // 2], self.start + MICROSECOND)
        return replace(self, end=cut), replace(self, start=cut)


async def ask(connection: Connection, question: Question, row_limit: int, attempts: int | None = None) -> list[Row]:
    """Phoenix's rows for *question*, at most *row_limit* of them."""
    return await connection.call(
        "POST",
        "/v1/spans",
        parameters={"project_name": question.project.name},
        body=question.body(row_limit),
        read=lambda content: rows_of_multipart(content, question.paths),
        attempts=attempts,
    )


async def whole(connection: Connection, question: Question) -> list[Row] | None:
    """The rows of *question* from one call; None when that call cannot give them, and `answers` has to."""
    try:
        rows = await ask(connection, question, ROWS_PER_CALL)
    except Broken:
        return None
    return rows if len(rows) < ROWS_PER_CALL else None


async def answers(connection: Connection, question: Question) -> AsyncIterator[list[Row]]:
    """Every row of *question*, in lists of fewer than ROWS_PER_CALL; an answer cut short is asked for in parts.

    A value that Phoenix stored and cannot read (a float of 1e20 in PostgreSQL's JSON comes back as an integer it
    refuses) breaks every call that touches it: then the parts around it are fetched, and it is left out with a warning.
    """
    try:
        rows = await ask(connection, question, ROWS_PER_CALL)
    except Broken:
        if not question.paths:
            raise
        rows = []
        async for part in _around_the_broken(connection, question):
            yield part
    if len(rows) < ROWS_PER_CALL:
        if rows:
            yield rows
        return
    parts = question.parts(rows)
    if parts is None:  # so many spans of one trace in the same microsecond
        yield await ask(connection, question, ROWS_PER_CALL * 1000)
        return
    for smaller in parts:
        async for part in answers(connection, smaller):
            yield part


async def whole_traces(connection: Connection, question: Question) -> list[list[Row]]:
    """The lists of `answers`, but those of one trace that was cut by time are joined: no list cuts a trace."""
    joined: list[list[Row]] = []
    async for rows in answers(connection, question):
        if joined and joined[-1][0]["trace"] == rows[0]["trace"]:
            joined[-1].extend(rows)
        else:
            joined.append(rows)
    return joined


async def _around_the_broken(connection: Connection, question: Question) -> AsyncIterator[list[Row]]:
    """The rows of a *question* that Phoenix fails on: their own columns, then what can be read under its paths."""
    async for rows in answers(connection, replace(question, paths=())):
        whole: dict[str, Row] = {row["context.span_id"]: row for row in rows}
        await _fill(connection, replace(question, span_ids=tuple(sorted(whole))), whole)
        yield list(whole.values())


async def _fill(connection: Connection, question: Question, rows: Mapping[str, Row]) -> None:
    """Complete *rows* (by span id) with the columns of *question*, narrowing down on what cannot be read."""
    try:
        found = await ask(connection, question, ROWS_PER_CALL, TRIES_WHILE_NARROWING)
    except Broken:
        ids, paths = question.span_ids, question.paths
        if len(ids) > 1:
            for some in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
                await _fill(connection, replace(question, span_ids=some), rows)
        elif len(paths) > 1:
            for part in (paths[: len(paths) // 2], paths[len(paths) // 2 :]):
                await _fill(connection, replace(question, paths=part), rows)
        else:
            logger.warning("Phoenix cannot read attribute %s of span %s: left out", ".".join(paths[0]), ids[0])
        return
    for row in found:
        rows[row["context.span_id"]].update(row)
