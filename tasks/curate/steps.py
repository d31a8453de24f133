"""The curate stage's tasks: what is kept of the traffic."""

import datetime as dt
from collections.abc import Sequence

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from tasks.curate.curating import Curating, curate
from tasks.curate.feedback.bringing import Bringing
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import Batch, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def bring_feedback(project: str, since: dt.date | None, *, again: bool) -> Batch:
    """Bring people's feedback from DynamoDB to the traces it is about; the receipt counts what became of each item."""
    settings, now = load_settings(), dt.datetime.now(dt.UTC)
    lake = Lake.open(settings.lake)
    async with Phoenix(settings.phoenix) as phoenix:
        return await Bringing(lake, phoenix, settings, project, now, create_markdown_artifact).bring(since, again=again)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def curate_datasets(project: str, window: Window, kinds: Sequence[str]) -> list[Batch]:
    """Add examples from the window to the datasets of these *kinds* (all when empty), each a version where it grew."""
    settings = load_settings()
    lake, now = Lake.open(settings.lake), dt.datetime.now(dt.UTC)
    async with Phoenix(settings.phoenix) as phoenix:
        curating = Curating(settings, lake, phoenix, project, window, now, create_markdown_artifact)
        receipts = await curate(curating, kinds)
    for receipt in receipts:
        for note in receipt.notes:
            get_run_logger().info(note)
    return receipts
