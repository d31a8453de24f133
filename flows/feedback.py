"""What people thought of answers, from the application's DynamoDB table to the traces in Phoenix."""

import datetime as dt

from prefect import flow

from tasks.curate.steps import bring_feedback
from tasks.shared.records import Batch
from tasks.shared.settings import load_settings


@flow(timeout_seconds=3600, validate_parameters=True)
async def feedback(since: dt.date | None = None, project: str | None = None, *, again: bool = False) -> Batch:
    """Bring feedback from DynamoDB to the traces it is about, as annotations in Phoenix and rows in the lake.

    Args:
        since: The first UTC day of items to read; by default `feedback.lookback_days` back, or everything.
        project: The Phoenix project; the settings' project by default.
        again: Also try to match what was given up, for example after a backfill.

    Returns:
        One receipt: how many items were read, new, matched by what, still wait, were given up or are odd.
    """
    return await bring_feedback(project or load_settings().project, since, again=again)
