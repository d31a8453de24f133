"""Phoenix as the stages see it: spans out, annotations in and out, and links. The only door to Phoenix.

Spans come by one of two routes, which give identical rows for the paths asked for. The fast one lists the traces of
the window and asks `POST /v1/spans` for chunks of them; the paged one is `GET /v1/projects/{project}/spans`. The fast
route answers JSON, not Arrow, because Arrow fails (an empty 200) when one attribute has two types; and since that JSON
has ten decimals, ten decimals are what both routes give (floats.py).

The official client is not used here: importing it costs 0.4 s (10 s beside a Phoenix server), it pages by 100, and it
has neither the projected call nor the read-back of annotations by identifier.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Self

from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.phoenix import (
    annotating,
    costs,
    datasets,
    exceptions,
    links,
    listed,
    listing,
    newest,
    notes,
    projected,
    traces,
)
from tasks.shared.gateways.phoenix.ahead import in_order
from tasks.shared.gateways.phoenix.annotating import Annotation, AnnotationReceipt
from tasks.shared.gateways.phoenix.attributes import Path, outermost
from tasks.shared.gateways.phoenix.connection import Connection, Json
from tasks.shared.gateways.phoenix.costs import ModelCost, PricedModel
from tasks.shared.gateways.phoenix.datasets import Dataset, Example
from tasks.shared.gateways.phoenix.exceptions import Thrown
from tasks.shared.gateways.phoenix.experiments import Experiments
from tasks.shared.gateways.phoenix.failures import Answered
from tasks.shared.gateways.phoenix.newest import ListedSpan
from tasks.shared.gateways.phoenix.notes import NoteReceipt
from tasks.shared.gateways.phoenix.projected import Question
from tasks.shared.gateways.phoenix.projects import Project, find_project
from tasks.shared.gateways.phoenix.prompts import PromptHub
from tasks.shared.gateways.phoenix.rows import Row, by_start, from_row
from tasks.shared.gateways.phoenix.traces import SentSpan, TraceReceipt
from tasks.shared.records import HOUR, RawSpan, Unit, Window
from tasks.shared.settings import PhoenixSettings

logger = logging.getLogger(__name__)
PING_SECONDS = 5.0
PING_TRIES = 2
NO_FAST_ROUTE = (403, 404, 405, 422)
TRACES_PER_SCALAR_CALL = 500
SAMPLED_PARTS = 4


class Phoenix:
    """One Phoenix server. Use it as an asynchronous context manager."""

    def __init__(self, settings: PhoenixSettings) -> None:
        self.settings = settings
        self._connection = Connection(settings)
        self._projects: dict[str, Project] = {}
        self.prompts = PromptHub(self._connection)
        self.experiments = Experiments(self._connection)
        self._fast: bool | None = {"fast": True, "paged": False}.get(settings.route)

    async def __aenter__(self) -> Self:
        """Nothing is sent before the first call."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self._connection.__aexit__()

    async def ping(self) -> None:
        """Return when Phoenix answers and takes the key; raise ServiceUnavailable or ServiceRefused within seconds."""
        await self._connection.call(
            "GET", "/v1/projects", parameters={"limit": 1}, read=len, attempts=PING_TRIES, timeout_seconds=PING_SECONDS
        )

    async def project_exists(self, project: str) -> bool:
        """Whether Phoenix has a project of that name (it makes one with the first span)."""
        try:
            await self._project(project)
        except Answered:
            raise
        except ServiceRefused:
            return False
        return True

    async def trace_ids(self, project: str, window: Window) -> list[str]:
        """Ids of the traces that may have spans starting in *window*, by start and id.

        Traces that began earlier and had not ended when the window began are among them.
        """
        return await listing.list_trace_ids(self._connection, await self._project(project), window)

    async def span_ids(self, project: str, window: Window, trace_ids: Sequence[str] | None = None) -> dict[str, str]:
        """Trace id by span id of every span that starts in *window* (of *trace_ids*, when given). No attributes."""
        found = await self._project(project)
        if not await self._is_fast(found, window):
            only = None if trace_ids is None else frozenset(trace_ids)
            return await listing.list_span_ids(self._connection, found, window, only)
        ids: dict[str, str] = {}
        questions = self._questions(
            found, window, (), await self._wanted(project, window, trace_ids), TRACES_PER_SCALAR_CALL
        )
        jobs = [partial(self._rows, question) for question in questions]
        async for parts in in_order(jobs, self.settings.in_flight):
            ids.update({row["context.span_id"]: row["trace"] for rows in parts for row in rows})
        return dict(sorted(ids.items()))

    async def spans(
        self, project: str, window: Window, paths: Sequence[str], trace_ids: Sequence[str] | None = None
    ) -> AsyncIterator[list[RawSpan]]:
        """Every span that starts in *window*, once, in chunks, with its attributes under *paths* (dotted).

        A path brings its whole subtree. Spans of status ERROR have their events. The order is the same every time,
        and no chunk cuts a trace (but for servers too old to list traces).
        """
        found, wanted = await self._project(project), outermost(paths)
        if not await self._is_fast(found, window):
            async for chunk in self._listed(found, window, wanted, trace_ids):
                yield chunk
            return
        questions = self._questions(
            found, window, tuple(wanted), await self._wanted(project, window, trace_ids), self.settings.traces_per_call
        )
        jobs = [partial(self._chunks, question, wanted) for question in questions]
        # One job more than requests may be in flight: while one is worked on, the next one's request is at Phoenix.
        async for chunks in in_order(jobs, self.settings.in_flight + 1):
            for chunk in chunks:
                yield chunk

    async def sample(self, project: str, window: Window, count: int) -> list[RawSpan]:
        """Up to *count* spans from all over *window* with every attribute they have."""
        if not count:
            return []
        return await listed.sample(self._connection, await self._project(project), window, count, SAMPLED_PARTS)

    async def newest_spans(
        self, project: str, since: dt.datetime | None, limit: int
    ) -> AsyncIterator[list[ListedSpan]]:
        """The *limit* newest spans that started at *since* or later, without attributes, the newest traces first."""
        async for page in newest.newest(self._connection, await self._project(project), since, limit):
            yield page

    async def whole_spans(self, project: str, span_ids: Sequence[str]) -> AsyncIterator[list[RawSpan]]:
        """The spans *span_ids* with every attribute they have, some a call."""
        async for chunk in newest.whole(self._connection, await self._project(project), span_ids):
            yield chunk

    async def quiet_exceptions(self, project: str, trace_ids: Sequence[str]) -> dict[str, Thrown]:
        """By span id, the exceptions of the spans of *trace_ids* whose status is not ERROR; slower than their fetch."""
        if not trace_ids:
            return {}
        return await exceptions.quiet_exceptions(self._connection, await self._project(project), trace_ids)

    async def annotations(self, project: str, unit: Unit, ids: Sequence[str]) -> list[Json]:
        """What is annotated to the units *ids*, by whomever, notes included; Phoenix's own records."""
        return await annotating.read(self._connection, await self._project(project), unit, ids)

    async def annotate(self, project: str, unit: Unit, annotations: Sequence[Annotation]) -> AnnotationReceipt:
        """Make Phoenix hold *annotations*; what it holds already is not written again."""
        if not annotations:
            return AnnotationReceipt()
        return await annotating.write(self._connection, await self._project(project), unit, annotations)

    async def note(self, project: str, unit: Unit, texts: Mapping[str, str], identifier: str) -> NoteReceipt:
        """Make each unit of *texts* carry its note for people, under *identifier*."""
        if not texts:
            return NoteReceipt()
        return await notes.write(self._connection, await self._project(project), unit, texts, identifier)

    async def ensure_traces(self, project: str, spans: Sequence[SentSpan]) -> TraceReceipt:
        """Make Phoenix have *spans* in *project*, and wait until it has stored them; what it has is not sent again."""

        async def stored(some: Sequence[SentSpan]) -> set[str]:
            if not some or not await self.project_exists(project):
                return set()
            start, last = min(each.start_time for each in some), max(each.start_time for each in some)
            hour = start.replace(minute=0, second=0, microsecond=0)
            end = last.replace(minute=0, second=0, microsecond=0) + HOUR
            return set(await self.span_ids(project, Window(hour, end), [each.trace_id for each in some]))

        return await traces.ensure(self.settings, project, spans, stored)

    async def model_costs(self, project: str, window: Window) -> list[ModelCost]:
        """What Phoenix says that the spans starting in *window* cost, by its models; unpriced spans are in none."""
        return await costs.model_costs(self._connection, await self._project(project), window)

    async def priced_models(self) -> list[PricedModel]:
        """Every model that Phoenix has a price for now."""
        return await costs.priced_models(self._connection)

    async def examples(self, dataset: str, version_id: str | None = None) -> list[Example]:
        """The examples of a dataset, in *version_id* or its latest version; none where there is no such dataset."""
        return await datasets.examples(self._connection, dataset, version_id)

    async def dataset(self, name: str) -> Dataset | None:
        """The dataset called *name*; None where there is none."""
        return await datasets.find(self._connection, name)

    async def latest_dataset_version(self, dataset_id: str) -> str:
        """Phoenix's id of the newest version of a dataset."""
        return await datasets.latest_version(self._connection, dataset_id)

    async def describe_dataset(self, dataset_id: str, metadata: Mapping[str, Any]) -> None:
        """Make *metadata* the dataset's metadata, in the place of all it had."""
        await datasets.describe(self._connection, dataset_id, metadata)

    async def add_examples(self, dataset: str, examples: Sequence[Example], description: str = "") -> int:
        """Add *examples* to a dataset, which is made when missing; returns how many are new. Nothing is deleted."""
        return await datasets.append(self._connection, dataset, examples, description)

    async def dataset_url(self, dataset: str) -> str | None:
        """The page of a dataset; None where there is none of that name."""
        return await datasets.page_of(self._connection, dataset)

    def span_url(self, span_id: str) -> str:
        """The page of a span."""
        return links.span_url(self._connection.url, span_id)

    def trace_url(self, trace_id: str) -> str:
        """The page of a trace."""
        return links.trace_url(self._connection.url, trace_id)

    def session_url(self, session_id: str) -> str:
        """The page of a session."""
        return links.session_url(self._connection.url, session_id)

    def project_url(self, project: str) -> str:
        """The page of a project."""
        return links.project_url(self._connection.url, project)

    async def _project(self, name: str) -> Project:
        if name not in self._projects:
            self._projects[name] = await find_project(self._connection, name)
        return self._projects[name]

    async def _wanted(self, project: str, window: Window, trace_ids: Iterable[str] | None) -> list[str]:
        return await self.trace_ids(project, window) if trace_ids is None else list(dict.fromkeys(trace_ids))

    def _questions(
        self, project: Project, window: Window, paths: tuple[Path, ...], trace_ids: Sequence[str], per_call: int
    ) -> list[Question]:
        batches = listed.in_batches(trace_ids, per_call)
        return [Question(project, window.start, window.end, tuple(batch), paths) for batch in batches]

    async def _rows(self, question: Question) -> list[list[Row]]:
        """The rows of *question*: in one list, or in several where one call cannot give them."""
        rows = await projected.whole(self._connection, question)
        return [rows] if rows is not None else await projected.whole_traces(self._connection, question)

    async def _chunks(self, question: Question, paths: Sequence[Path]) -> list[list[RawSpan]]:
        """The spans of *question* with their events."""
        chunks = [await asyncio.to_thread(_spans_of, rows, paths) for rows in await self._rows(question)]
        for chunk in chunks:
            await listed.complete(self._connection, question.project, chunk, paths)
        return chunks

    async def _listed(
        self, project: Project, window: Window, paths: Sequence[Path], trace_ids: Sequence[str] | None
    ) -> AsyncIterator[list[RawSpan]]:
        """The paged route: trace by trace where the server can list traces, else page by page."""
        try:
            wanted = await self._wanted(project.name, window, trace_ids)
        except Answered as error:
            if error.status not in NO_FAST_ROUTE:
                raise
            chunks = listed.pages(self._connection, project, window, paths)
        else:
            chunks = listed.whole_traces(self._connection, project, window, paths, wanted)
        async for chunk in chunks:
            yield chunk

    async def _is_fast(self, project: Project, window: Window) -> bool:
        """Whether the fast route is open; found out once, by a question that has no answer."""
        if self._fast is None:
            try:
                await projected.ask(self._connection, Question(project, window.start, window.end, ("none",)), 1)
                self._fast = True
            except Answered as error:
                if error.status not in NO_FAST_ROUTE:
                    raise
                self._fast = False
                logger.info("Fetching spans by the paged route, about five times slower: %s", error)
        return self._fast


def _spans_of(rows: Sequence[Row], paths: Sequence[Path]) -> list[RawSpan]:
    return sorted((from_row(row, paths) for row in rows), key=by_start)
