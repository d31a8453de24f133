"""The reports of days, weeks and months: files in the lake, artifacts on the flow run, and in MLflow."""

from prefect import flow

from flows.turns import tracking_turn
from flows.windows import yesterday
from tasks.reports.receipts import raise_undelivered, summary
from tasks.reports.steps import (
    attach_report,
    build_report,
    deliver_report,
    index_reports,
    note_due_report,
    publish_artifacts,
)
from tasks.shared.records import Batch, Edition, Window
from tasks.shared.settings import load_settings
from tasks.tracking.steps import summarise_period


@flow(timeout_seconds=3600, validate_parameters=True)
async def reporting(
    window: Window | None = None,
    project: str | None = None,
    *,
    edition: Edition = "day",
    deliver: bool | None = None,
    dry_run: bool = False,
) -> Batch:
    """Build the report of every UTC day, ISO week or month that a window touches; show days in Prefect and MLflow.

    Args:
        window: A UTC day (2026-11-19) or whole hours (2026-11-19T05:00Z/2026-11-19T07:00Z), whose whole days, weeks or
            months are reported; by default the one of the day before the day that this run was scheduled for.
        project: The Phoenix project; the settings' project by default.
        edition: What a report is of.
        deliver: Send each report through `reports.channels`, once; by default where no window is given.
        dry_run: Send nothing; the receipt's notes say what would go where.

    Returns:
        One receipt: a row is a report, the notes say where each page is and through which channels it went.

    Raises:
        DeliveryFailed: A channel did not take a report. All reports are built, and sent through the other channels.
    """
    settings = load_settings()
    wanted = dry_run or (window is None if deliver is None else deliver)
    project, window = project or settings.project, window or Window.of_day(yesterday())
    receipts: list[Batch] = []
    for period in window.editions(edition):
        if wanted and settings.reports.channels and not dry_run:
            note_due_report(project, period, edition)
        if edition != "day":
            await summarise_period(project, period, edition)
        receipts.append(report := await build_report(project, period, edition))
        await publish_artifacts(report, edition)
        if edition == "day":
            async with tracking_turn():  # tracking at the same moment would log the day anew with the older page
                receipts.append(await attach_report(report))
        if wanted and settings.reports.channels:
            receipts.append(await deliver_report(project, period, edition, dry_run=dry_run))
    await index_reports()
    if not dry_run:
        raise_undelivered(receipts)
    return summary(project, window, receipts)
