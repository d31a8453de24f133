"""Feedback on its way: from the application's table, matched, to Phoenix, then into the lake.

A day of feedback is annotated in Phoenix before it is published in the lake, so a run that is killed in between does
the same again, and finds the annotations there.
"""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence, Set
from dataclasses import dataclass, field, replace

import pyarrow as pa

from tasks.curate.feedback.items import Reading, Row, read
from tasks.curate.feedback.known import by_day, fresh, known_ids, standing, taken_back, waiting
from tasks.curate.feedback.matching import latest_span, match, traces_for
from tasks.curate.masking import anonymiser_of
from tasks.shared.checks import gate
from tasks.shared.checks.gate import Artifact
from tasks.shared.gateways.aws import FeedbackTable
from tasks.shared.gateways.phoenix import Annotation, AnnotationReceipt, Phoenix
from tasks.shared.records import FEEDBACK_IDENTIFIER, Batch, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import FEEDBACK

ANNOTATION = "user_feedback"
WITHDRAWN = "withdrawn"
# Items in memory at once.
SLICE = 20_000


@dataclass
class Bringing:
    """One run: what it works with, and what it counts on the way."""

    lake: Lake
    phoenix: Phoenix
    settings: Settings
    project: str
    now: dt.datetime
    show: Artifact | None = None
    counts: Counter[str] = field(default_factory=Counter)
    days: set[dt.date] = field(default_factory=set)
    reading: Reading = field(default_factory=Reading)
    latest: dt.datetime | None = None
    another_table: bool = False

    async def bring(self, since: dt.date | None = None, *, again: bool = False) -> Batch:
        """Try what waits once more, then take in what is new or changed in the table since *since*.

        Args:
            since: A UTC day; items before it are not read. By default `feedback.lookback_days` decides.
            again: Also try what was given up.
        """
        self.latest, before = latest_span(self.lake, self.project), known_ids(self.lake, self.project)
        await self._take_in(waiting(self.lake, self.project, given_up_too=again), only_moved=True)
        async for rows in self._slices(self._since(since)):
            new = fresh(self.lake, self.project, rows)
            self.counts["new_or_changed"] += len(new)
            await self._take_in(new)
        if self.settings.feedback.table:
            await self._take_back(self._since(since), before)
        return self._receipt()

    def _since(self, day: dt.date | None) -> dt.datetime | None:
        if day:
            return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
        days = self.settings.feedback.lookback_days
        return self.now - dt.timedelta(days=days) if days else None

    async def _slices(self, since: dt.datetime | None) -> AsyncIterator[list[Row]]:
        """The items as rows, some at a time, read in a thread; none where no table is named."""
        if not self.settings.feedback.table:
            return
        table = FeedbackTable(self.settings.feedback)
        key = await asyncio.to_thread(table.key)
        pages = table.pages(since)
        rows: list[Row] = []
        while (page := await asyncio.to_thread(next, pages, None)) is not None:
            self.counts["items_looked_at"] += page.looked_at
            found = read(page.items, key, self.settings.feedback, self.now)
            new = [row for row in found.rows if since is None or row["start_time"] >= since]
            self._add(found, len(new))
            rows += new
            if len(rows) >= SLICE:
                yield rows
                rows = []
        yield rows

    def _add(self, found: Reading, rows: int) -> None:
        self.counts["items_read"] += rows
        self.reading.odd.update(found.odd)
        self.reading.rated |= found.rated
        self.reading.examples = {**found.examples, **self.reading.examples}

    async def _take_in(self, rows: Sequence[Row], *, only_moved: bool = False) -> None:
        """Match, annotate and publish *rows*, which are in the order of time, a day at a time."""
        settings = self.settings.feedback
        for day, of_day in by_day(rows):
            traces = await asyncio.to_thread(traces_for, self.lake, self.project, of_day, settings, self.latest)
            tried = [row if row["status"] == "matched" else match(row, traces, settings, self.now) for row in of_day]
            moved = [now for was, now in zip(of_day, tried, strict=True) if now["status"] != was["status"]]
            self.counts.update(f"matched_by_{row['matched_by']}" for row in moved if row["status"] == "matched")
            self.counts["given_up"] += sum(row["status"] == "given_up" for row in moved)
            if written := moved if only_moved else tried:
                await self._publish(day, written, annotations(written))

    async def _take_back(self, since: dt.datetime | None, before: Set[str]) -> None:
        """Correct what the table has no rating for any more: the person took it back, or the item is gone."""
        gone = await asyncio.to_thread(taken_back, self.lake, self.project, self.reading.rated, since)
        # Where not a single item was read that was known *before*, it is another table.
        self.another_table = bool(gone) and before.isdisjoint(self.reading.rated)
        for day, of_day in by_day(() if self.another_table else gone):
            nothing = {"status": WITHDRAWN, "matched_by": None, "trace_id": None, "span_id": None}
            corrected = [withdrawn(annotation) for annotation in annotations(of_day)]
            await self._publish(day, [row | nothing | {"read_at": self.now} for row in of_day], corrected)
            self.counts["taken_back"] += len(of_day)

    async def _publish(self, day: dt.date, rows: Sequence[Row], told: Sequence[Annotation]) -> None:
        window = Window.of_day(day)
        with self.lake.stage(FEEDBACK, self.project, window) as stage:
            stage.append(pa.Table.from_pylist(list(rows), FEEDBACK.schema))
            await asyncio.to_thread(gate, stage, self.lake, self.settings.checks, self.show, partial=True)
            self._count(await self.phoenix.annotate(self.project, "span", told))
            stage.publish()
        self.counts["rows"] += len(rows)
        self.days.add(day)

    def _count(self, receipt: AnnotationReceipt) -> None:
        self.counts["annotated"] += receipt.written
        self.counts["already_annotated"] += receipt.already_there
        self.counts["unknown_to_phoenix"] += len(receipt.unknown)
        self.counts["kept_as_changed_by_a_person"] += len(receipt.kept)

    def _receipt(self) -> Batch:
        now = standing(self.lake, self.project)
        rows = self.counts.pop("rows", 0)
        days = sorted(self.days) or [self.now.date()]
        # Receipts are logged and shown outside of the lake.
        masks = anonymiser_of(FEEDBACK.name, self.settings.anonymise, self.lake)
        counts = {**self.counts, **self.reading.odd, "waiting": now.get("unmatched", 0)}
        return Batch(
            FEEDBACK.name,
            self.project,
            Window(Window.of_day(days[0]).start, Window.of_day(days[-1]).end),
            rows,
            counts={name: count for name, count in counts.items() if count},
            changed_days=tuple(sorted(self.days)),
            notes=(*self.reading.notes(masks.text), *self._told()),
        )

    def _told(self) -> Iterable[str]:
        settings = self.settings.feedback
        if not settings.table:
            yield "No table is named in feedback.table: nothing was read."
        if self.another_table:
            yield (
                f"Table {settings.table} has none of the feedback that the lake knows, so nothing counts as taken "
                "back. Is it the right table?"
            )
        if given_up := self.counts["given_up"]:
            yield (
                f"{given_up} pieces of feedback are given up: no trace in the lake fits them after "
                f"{settings.give_up_after_days} days. After a backfill, --again tries them once more."
            )
        if unknown := self.counts["unknown_to_phoenix"]:
            yield f"Phoenix does not have {unknown} of the spans to annotate any more; the lake keeps their feedback."


def annotations(rows: Iterable[Row]) -> list[Annotation]:
    """The matched ones of *rows* as annotations of their root spans, a person's word each."""
    return [
        Annotation(
            target_id=row["span_id"],
            name=ANNOTATION,
            identifier=f"{FEEDBACK_IDENTIFIER}{row['feedback_id']}",
            kind="HUMAN",
            score=1.0 if row["rating"] == "positive" else 0.0,
            label=row["rating"],
            explanation=row["comment"],
            metadata={"matched_by": row["matched_by"], "given_at": row["start_time"].isoformat()},
        )
        for row in rows
        if row["status"] == "matched"
    ]


def withdrawn(annotation: Annotation) -> Annotation:
    """*annotation* as it stands once the person has taken it back: it says neither good nor bad.

    It is corrected, not deleted: whoever has read it before, as the lake has, reads it again.
    """
    return replace(annotation, score=None, label=WITHDRAWN, explanation=None)
