"""One sync: what is new among the newest spans goes into the store, chunk by chunk."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from tasks.shared.gateways.knowledge import KnowledgeStore
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.settings import SyncSettings
from tasks.sync.trajectories import Harvest, reap, wanted


@dataclass(frozen=True)
class Source:
    """Which spans of a project are looked at: the *limit* newest since *since*, failed ones on request."""

    project: str
    limit: int
    since: dt.datetime | None = None
    include_errors: bool = False


@dataclass
class Synced:
    """What came of a sync. `looked_at` are spans; `stored` trajectories.

    `cut`: the limit came before any span that was stored earlier, so there may be others between.
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
    dry_run: bool = False,
) -> Synced:
    """Store the trajectories that are new; with *dry_run* only count them."""
    synced, seen = Synced(Harvest()), store.seen()
    new: list[str] = []
    async for page in phoenix.newest_spans(source.project, source.since, source.limit):
        synced.looked_at += len(page)
        new += wanted(page, settings.spans, seen, synced.harvest, errors=source.include_errors)
    synced.cut = bool(seen) and synced.looked_at >= source.limit and not synced.harvest.skipped.get("stored_already")
    told(f"{synced.looked_at:,} spans looked at, {len(new):,} of them are fetched")
    known = set(store.conversations())
    missing = set(new)
    async for spans in phoenix.whole_spans(source.project, new):
        before = len(synced.harvest.trajectories)
        missing -= {span["span_id"] for span in spans}
        reap(spans, source.project, known, synced.harvest)
        found = synced.harvest.trajectories[before:]
        synced.stored += len(found) if dry_run else store.add(found)
        told(f"{synced.stored:,} trajectories stored")
    synced.harvest.errors.update(dict.fromkeys(sorted(missing), "Phoenix could not hand it out"))
    return synced
