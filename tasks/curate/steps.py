"""The curate stage's tasks: what is kept of the traffic."""

import datetime as dt

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from tasks.curate.feedback.bringing import Bringing
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import Batch
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
