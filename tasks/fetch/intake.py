"""Take spans in: fetch, normalise, check, store, in one stream of bounded memory."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence, Set
from dataclasses import dataclass, field, replace

from tasks.fetch.late import quarantined_span_ids
from tasks.fetch.normalise import DECLARED, Normalised, normalise
from tasks.shared.checks import gate
from tasks.shared.checks.gate import Artifact
from tasks.shared.errors import CheckFailed
from tasks.shared.garbage import no_search_for_cycles
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch, RawSpan, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import QUARANTINE, SPANS

MODELS_TOLD = 5
UNPRICED = """
SELECT DISTINCT model FROM spans WHERE cost_usd IS NULL AND total_tokens > 0 AND model IS NOT NULL ORDER BY model
"""


@dataclass
class Pulled:
    """What a pull did: spans read and quarantined, and attributes that no column takes with their number of spans."""

    read: int = 0
    quarantined: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


async def take_in(
    phoenix: Phoenix,
    settings: Settings,
    project: str,
    window: Window,
    *,
    show: Artifact | None = None,
    trace_ids: Sequence[str] | None = None,
    without: Set[str] = frozenset(),
) -> Batch:
    """Store the window's spans: all of them, or those of *trace_ids*, except the ids in *without*.

    Malformed spans go to `quarantine` whatever the checks say of the others.

    Raises:
        CheckFailed: A critical check failed; none of the spans is stored. *show* got the verdict.
    """
    lake = Lake.open(settings.lake)
    prices = PriceTable.shipped(settings.prices)
    some = trace_ids is not None
    # Of a part of the window nothing can be said about the rest: what is quarantined there stays.
    quarantine_table = replace(QUARANTINE, rewrite="merge") if some else QUARANTINE
    with (
        lake.stage(SPANS, project, window) as spans,
        lake.stage(quarantine_table, project, window, file="normalise") as quarantine,
    ):
        chunks = phoenix.spans(project, window, fetched_paths(settings), trace_ids)
        with no_search_for_cycles():
            pulled = await pull(chunks, spans, quarantine, lambda raw: normalise(raw, window, prices), without)
        quarantine.publish()
        await asyncio.to_thread(gate, spans, lake, settings.checks, show, partial=some)
        notes = tuple(unpriced(spans))
        spans.publish()
    unknown = {f"unknown_attribute.{path}": count for path, count in pulled.unknown.most_common()}
    counts = {"read": pulled.read, "quarantined": pulled.quarantined, "partitions_changed": spans.changed, **unknown}
    return Batch(SPANS.name, project, window, spans.rows, counts, notes=notes)


def unpriced(spans: Stage) -> list[str]:
    """At most one sentence: the models whose tokens nobody could price."""
    models = spans.sql(UNPRICED)["model"].to_pylist()
    told = ", ".join(models[:MODELS_TOLD]) + (" ..." if len(models) > MODELS_TOLD else "")
    return [f"no price is known for {told}: their calls have no cost. Add [prices] for them."] if models else []


async def take_in_late(
    phoenix: Phoenix, settings: Settings, project: str, window: Window, trace_ids: Sequence[str], *, show: Artifact
) -> Batch:
    """Store the window's spans of *trace_ids*, except those that fail a critical check; a note tells of these.

    They are in `quarantine` then, and known; kept out with the others, they would be late again with every run.

    Raises:
        CheckFailed: A critical check fails that no span is to blame for.
    """
    lake = Lake.open(settings.lake)
    kept_out: Set[str] = frozenset()
    notes: list[str] = []
    while True:
        try:
            taken = await take_in(phoenix, settings, project, window, show=show, trace_ids=trace_ids, without=kept_out)
        except CheckFailed as failed:
            quarantined = quarantined_span_ids(lake, project, window)
            if quarantined <= kept_out:
                raise
            kept_out = quarantined
            notes.append(f"the late spans that pass the checks are stored, the others are not: {failed}")
        else:
            return replace(taken, notes=(*taken.notes, *notes))


async def take_in_missed(
    phoenix: Phoenix, settings: Settings, project: str, window: Window, *, show: Artifact
) -> Batch:
    """Store the window that no run took in; where a critical check keeps it out, a note tells, and it is asked once."""
    try:
        taken = await take_in(phoenix, settings, project, window, show=show)
    except CheckFailed as failed:
        note = f"{window} was missed by earlier runs, and is kept out: {failed}"
        return Batch(SPANS.name, project, window, 0, {"missed_days_kept_out": 1}, notes=(note,))
    note = f"{window} was missed by earlier runs: {taken.rows:,} spans are in now."
    return replace(taken, counts={**taken.counts, "missed_days": 1}, notes=(*taken.notes, note))


async def pull(
    chunks: AsyncIterator[list[RawSpan]],
    spans: Stage,
    quarantine: Stage,
    normalise: Callable[[list[RawSpan]], Normalised],
    without: Set[str] = frozenset(),
) -> Pulled:
    """Normalise every chunk and append it to the stages; the gateway has the next one under way meanwhile.

    Spans in *without* are in quarantine already: they count as quarantined, and go nowhere.
    """
    pulled = Pulled()
    async for chunk in chunks:
        # In a thread, so that the event loop can take in the chunk that Phoenix is sending meanwhile.
        wanted = [span for span in chunk if span["span_id"] not in without] if without else chunk
        normalised = await asyncio.to_thread(_append, normalise, wanted, spans, quarantine)
        pulled.read += len(chunk)
        pulled.quarantined += len(chunk) - len(wanted) + normalised.quarantined.num_rows
        pulled.unknown += normalised.unknown
    return pulled


def fetched_paths(settings: Settings) -> tuple[str, ...]:
    """The attribute paths that are fetched: the declared ones and those of the settings."""
    return (*DECLARED, *settings.phoenix.extra_attributes)


def _append(
    normalise: Callable[[list[RawSpan]], Normalised], chunk: list[RawSpan], spans: Stage, quarantine: Stage
) -> Normalised:
    normalised = normalise(chunk)
    spans.append(normalised.rows)
    quarantine.append(normalised.quarantined)
    return normalised
