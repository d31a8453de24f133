"""The curate stage's tasks: what is kept of the traffic."""

import datetime as dt
import re
import uuid
from collections.abc import Sequence

from prefect import get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.curate.curating import Curating, curate
from tasks.curate.feedback.bringing import Bringing
from tasks.curate.fine_tuning.exporting import write_export
from tasks.curate.ledger_keeping import keep_ledger
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import Batch, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import FineTuningForm, load_settings
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
    async with Phoenix(settings.phoenix) as phoenix:
        curating = Curating(
            settings=settings,
            lake=Lake.open(settings.lake),
            phoenix=phoenix,
            project=project,
            window=window,
            at=dt.datetime.now(dt.UTC),
            run=_this_run(),
            show=create_markdown_artifact,
        )
        receipts = await curate(curating, kinds)
    for receipt in receipts:
        for note in receipt.notes:
            get_run_logger().info(note)
    return receipts


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def keep_golden_ledger(project: str, window: Window) -> Batch:
    """Save and show how old the golden versions are, how often they decided, and how they fit the window's traffic."""
    settings, at = load_settings(), dt.datetime.now(dt.UTC)
    receipt, page = await keep_ledger(settings, project, window, at, _this_run())
    key = re.sub(r"[^a-z0-9]+", "-", f"golden-ledger-{project.lower()}").strip("-")
    await acreate_markdown_artifact(page, key=key, description=f"Golden dataset of {project}")
    return receipt


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def export_examples(
    project: str, window: Window, form: FineTuningForm | None, model: str | None, smallest: int | None
) -> Batch:
    """Write a fine-tuning file and show its report; what is None is as the settings say."""
    settings = load_settings()
    changes = {name: value for name, value in (("form", form), ("model", model), ("smallest", smallest)) if value}
    settings = settings.model_copy(update={"export": settings.export.model_copy(update=changes)})
    exported = await write_export(settings, project, window, _this_run())
    key = re.sub(r"[^a-z0-9]+", "-", f"export-{project.lower()}").strip("-")
    await acreate_markdown_artifact(exported.markdown, key=key, description=f"Fine-tuning file of {project}, {window}")
    return exported.receipt


def _this_run() -> str:
    """Under which name spending counts for the budget of a run."""
    return str(flow_run.root_flow_run_id or uuid.uuid4().hex)
