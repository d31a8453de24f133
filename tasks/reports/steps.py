"""The report stage's tasks: from the lake to pages in the lake, in Prefect and on the day's MLflow run."""

import asyncio
import datetime as dt
import logging
import re
from pathlib import Path

from prefect import task
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.reports.compose import compose, part
from tasks.reports.evidence import Evidence
from tasks.reports.files import FORMATS, report_files
from tasks.reports.index import index_page
from tasks.reports.message import report_id, report_message
from tasks.reports.outstanding import Unsent, note_due, outstanding
from tasks.reports.receipts import REPORTS, delivered
from tasks.shared.channels import deliver, is_told, with_channel_secrets
from tasks.shared.errors import ServiceUnavailable, StoreError
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.markdown import records, section_markdown
from tasks.shared.pages.page import html
from tasks.shared.records import Batch, Edition, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import REPORT_INDEX, REPORT_PAGE, REPORTS_FOLDER, report_path

log = logging.getLogger(__name__)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="build-{edition}-report-{window}",
)
async def build_report(project: str, window: Window, edition: Edition = "day") -> Batch:
    """Save the report of the day, week or month that *window* is, in every format of the settings.

    The receipt says where the page is.
    """
    return await asyncio.to_thread(_build, project, window, edition, flow_run.ui_url)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def publish_artifacts(report: Batch, edition: Edition = "day") -> None:
    """Show the report in the flow run: the figures at a glance, the table of scores, and where the page is."""
    evidence = Evidence.open(load_settings(), report.project, report.window, edition)
    glance = await asyncio.to_thread(part, evidence, "headline")
    scores = await asyncio.to_thread(part, evidence, "scores")
    page = evidence.lake.location(report_path(report.project, report.window, edition=edition))
    link = page if "://" in page else Path(page).as_uri()
    of = f"of {report.project}, {report.window}"
    named = f"report-{report.project.lower()}" + ("" if edition == "day" else f"-{edition}")
    key = re.sub(r"[^a-z0-9]+", "-", named).strip("-")
    await acreate_markdown_artifact(section_markdown(glance), key=key, description=f"Report {of}")
    await acreate_table_artifact(records(scores), key=f"{key}-scores", description=f"Scores {of}")
    await acreate_link_artifact(link, link_text=f"Report {of}", key=f"{key}-page", description=f"Page {of}")


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def attach_report(report: Batch) -> Batch:
    """Attach the page to the day's live MLflow run, where there is one; the receipt counts it."""
    return await asyncio.to_thread(_attach, report)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="deliver-{edition}-report-{window}",
)
async def deliver_report(
    project: str,
    window: Window,
    edition: Edition = "day",
    *,
    channels: tuple[str, ...] | None = None,
    dry_run: bool = False,
) -> Batch:
    """Send the saved report through *channels*; each channel gets it once, also when it is built again.

    A channel that fails is a count and a note of the receipt.

    Args:
        project: The Phoenix project.
        window: The day, week or month.
        edition: Which of them it is.
        channels: Names of channels; by default `reports.channels`.
        dry_run: Send nothing; the notes say what would go where.
    """
    settings = load_settings()
    names = settings.reports.channels if channels is None else channels
    settings = await with_channel_secrets(settings, names, _secret)
    evidence = Evidence.open(settings, project, window, edition)
    return await asyncio.to_thread(_deliver, evidence, names, flow_run.ui_url, dry_run)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
def reports_to_deliver(project: str, day: dt.date, lookback_hours: int) -> list[Unsent]:
    """The report of the *day*, and those before it that a channel did not get; none without channels."""
    lake, settings = Lake.open(load_settings().lake), load_settings().reports
    if settings.channels:
        note_due(lake, project, Window.of_day(day), "day", settings.channels)
    return list(outstanding(lake, settings, project, day, lookback_hours))


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
def note_due_report(project: str, window: Window, edition: Edition) -> None:
    """Note that the channels are to get the report: what a killed run did not send, the next night sends."""
    settings = load_settings()
    note_due(Lake.open(settings.lake), project, window, edition, settings.reports.channels)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def index_reports() -> str:
    """Make the page that leads to every report of the lake; returns where it is."""
    return await asyncio.to_thread(_index)


def _build(project: str, window: Window, edition: Edition, flow_run_url: str | None) -> Batch:
    settings = load_settings()
    evidence = Evidence.open(settings, project, window, edition)
    report = compose(evidence, _sources(settings, evidence, flow_run_url))
    for name, content in report_files(report, settings.reports.formats):
        evidence.lake.put_file(report_path(project, window, name, edition), content)
    path = evidence.lake.location(report_path(project, window, edition=edition))
    counts = {"sections": len(report.parts), "warnings": sum(report.warnings.values())}
    return Batch(REPORTS, project, window, 1, counts, notes=(f"report: {path}",))


def _deliver(evidence: Evidence, channels: tuple[str, ...], flow_run_url: str | None, dry_run: bool) -> Batch:
    settings, project, window = evidence.settings, evidence.project, evidence.window
    named = report_id(project, window, evidence.edition)
    if all(is_told(evidence.lake, project, channel, named, named) for channel in channels):
        return Batch(REPORTS, project, window, 0, {"already sent": len(channels)})
    files = [(FORMATS[each][0], _saved(evidence, FORMATS[each][0])) for each in settings.reports.formats]
    page = compose(evidence, _sources(settings, evidence, flow_run_url))
    message = report_message(page, evidence, files)
    return delivered(project, window, deliver(evidence.lake, settings, message, channels, dry_run=dry_run))


def _saved(evidence: Evidence, name: str) -> bytes:
    content = evidence.lake.get_file(path := report_path(evidence.project, evidence.window, name, evidence.edition))
    if content is None:
        raise StoreError(f"there is no {path} in the lake. Run the reporting flow for {evidence.window}.")
    return content


async def _secret(block: str) -> str:
    secret: Secret[str] = await Secret.aload(block)
    return secret.get()


def _index() -> str:
    """A report that another run puts there meanwhile is in the index of the one that looks last."""
    lake = Lake.open(load_settings().lake)
    with lake.one_writer(REPORTS_FOLDER):
        listed: list[str] | None = None
        while listed != (found := lake.files_below(REPORTS_FOLDER)):
            lake.put_file(REPORT_INDEX, html(index_page(found)).encode())
            listed = found
    return lake.location(REPORT_INDEX)


def _attach(report: Batch) -> Batch:
    settings = load_settings()
    content = _saved(Evidence.open(settings, report.project, report.window), REPORT_PAGE)
    mlflow = Mlflow.open(settings, report.project)
    run_id = mlflow.live_run(report.project, report.window.start.date())
    if run_id:
        mlflow.attach(run_id, REPORT_PAGE, content)
    return Batch(REPORTS, report.project, report.window, 0, {"attached": int(bool(run_id))})


def _sources(settings: Settings, evidence: Evidence, flow_run_url: str | None) -> tuple[Link, ...]:
    """Where it can be looked at: the Phoenix project, the day's MLflow run, the flow run that made the report."""
    links = [evidence.links.to("project", evidence.project, "Phoenix project")]
    links.append(_mlflow_run(settings, evidence.project, evidence.window) if evidence.edition == "day" else None)
    links.append(Link("Prefect flow run", flow_run_url) if flow_run_url else None)
    return tuple(link for link in links if link)


def _mlflow_run(settings: Settings, project: str, window: Window) -> Link:
    """The day's live run. The report does not wait for an MLflow that is away; attaching it afterwards does."""
    try:
        mlflow = Mlflow.open(settings, project)
        run_id = mlflow.live_run(project, window.start.date())
        return Link("MLflow run", mlflow.run_url(run_id)) if run_id else Link("no MLflow run for this day yet", "")
    except ServiceUnavailable as error:
        log.warning("the report of %s has no link to MLflow: %s", window, error)
        return Link("MLflow did not answer when this was made", "")
