"""What agents did, from Phoenix into a knowledge store, and what the next ones should know: guidelines."""

import datetime as dt

from prefect import flow

from tasks.shared.errors import Inconclusive
from tasks.shared.records import Batch
from tasks.shared.settings import load_settings
from tasks.sync.steps import bring_trajectories, learn_guidelines
from tasks.sync.syncing import Source


@flow(timeout_seconds=3600, validate_parameters=True)
async def sync(
    project: str | None = None,
    namespace: str | None = None,
    url: str | None = None,
    limit: int | None = None,
    since: dt.datetime | None = None,
    *,
    include_errors: bool = False,
    dry_run: bool = False,
) -> list[Batch]:
    """Bring agents' trajectories from Phoenix into a knowledge store, and learn guidelines from them.

    Args:
        project: The Phoenix project; the settings' project by default.
        namespace: Whose knowledge it is; `sync.namespace` by default.
        url: Base URL of Phoenix; that of the settings by default.
        limit: How many spans are looked at, newest first; `sync.limit` by default.
        since: Only spans that started then or later (UTC).
        include_errors: Also take spans whose status is ERROR.
        dry_run: Only tell what would be new: nothing is stored, nothing is asked.

    Returns:
        A receipt for the trajectories (processed, skipped, errors) and one for the guidelines (tips_generated).

    Raises:
        Inconclusive: The budget ended it early, or another sync works on the namespace. Run again later.
    """
    settings = load_settings()
    named, moment = namespace or settings.sync.namespace, since and since.replace(tzinfo=since.tzinfo or dt.UTC)
    most = settings.sync.limit if limit is None else limit
    source = Source(project or settings.project, most, moment, include_errors)
    brought = await bring_trajectories(source, named, url or settings.phoenix.url, dry_run=dry_run)
    if dry_run:
        return [brought]
    learned = await learn_guidelines(source, named)
    if learned.doubts:
        told = f"{brought.rows} trajectories are stored, {learned.counts['tips_generated']} tips learned"
        raise Inconclusive(f"{'; '.join(learned.doubts)}. {told}; the rest waits for another run.")
    return [brought, learned]
