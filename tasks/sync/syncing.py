"""One sync: what is new among the newest spans goes into the store, chunk by chunk."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.knowledge import KnowledgeStore, PassedOver
from tasks.shared.gateways.phoenix import ListedSpan, Phoenix
from tasks.shared.settings import SyncSettings
from tasks.sync.trajectories import Harvest, by_whole_traces, reap, wanted

SPANS_AT_ONCE = 100


@dataclass(frozen=True)
class Source:
    """Which spans of a project are looked at: the *limit* newest since *since*, failed ones on request."""

    project: str
    limit: int
    since: dt.datetime | None = None
    include_errors: bool = False

    def __post_init__(self) -> None:
        """Refuse a limit of no span."""
        if self.limit < 1:
            raise ConfigurationError(f"the limit is {self.limit} spans. Look at one or more.")


@dataclass
class Synced:
    """What came of a sync. `looked_at` are spans; `stored` trajectories.

    `cut`: the limit came before any span that was seen earlier, so there may be others between.
    """

    harvest: Harvest
    looked_at: int = 0
    stored: int = 0
    cut: bool = False


async def bring(
    phoenix: Phoenix,
    store: KnowledgeStore,
    settings: SyncSettings,
    source: Source,
    told: Callable[[str], None],
    *,
    passed: PassedOver,
    dry_run: bool = False,
) -> Synced:
    """Store the trajectories that are new; with *dry_run* only count them.

    A span that was *passed* over before is fetched no more; one that could not be read is tried again.
    """
    synced, seen = Synced(Harvest()), store.seen() | passed.span_ids()
    new: list[ListedSpan] = []
    async for page in phoenix.newest_spans(source.project, source.since, source.limit):
        synced.looked_at += len(page)
        new += wanted(page, settings.spans, seen, synced.harvest, errors=source.include_errors)
    synced.cut = bool(seen) and synced.looked_at >= source.limit and not synced.harvest.skipped.get("seen_before")
    told(f"{synced.looked_at:,} spans looked at, {len(new):,} of them are fetched")
    traces = {trace_id for trace_id, _ in store.conversations()}
    for ids in by_whole_traces(new, SPANS_AT_ONCE):
        spans = [span async for part in phoenix.whole_spans(source.project, ids) for span in part]
        harvest = Harvest()
        reap(spans, source.project, harvest, lambda trace_id: store.of_trace(trace_id) if trace_id in traces else ())
        lost = set(ids) - {span["span_id"] for span in spans}
        harvest.errors.update(dict.fromkeys(sorted(lost), "Phoenix could not hand it out"))
        synced.stored += len(harvest.trajectories) if dry_run else store.add(harvest.trajectories)
        if not dry_run:
            passed.add(harvest.passed_over)
        synced.harvest.count(harvest)
        told(f"{synced.stored:,} trajectories stored")
    return synced
