"""The morning report of a day: a page in the lake, artifacts on the flow run, an attachment of the MLflow run."""

from prefect import flow

from flows.windows import yesterday
from tasks.reports.receipts import summary
from tasks.reports.steps import attach_report, build_report, publish_artifacts
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=3600, validate_parameters=True)
async def reporting(window: Window | None = None, project: str | None = None) -> Batch:
    """Build the HTML report of every UTC day that a window touches, save it, and show it in Prefect and MLflow.

    Args:
        window: A UTC day (2026-11-19) or whole hours (2026-11-19T05:00Z/2026-11-19T07:00Z), whose whole days are
            reported; by default the day before the one this run was scheduled for.
        project: The Phoenix project; the settings' project by default.

    Returns:
        One receipt: a row is a report, the notes say where each page is.
    """
    settings = load_settings()
    project, window = project or settings.project, window or Window.of_day(yesterday())
    receipts: list[Batch] = []
    for day in window.days():
        report = await build_report(project, Window.of_day(day))
        await publish_artifacts(report)
        receipts += [report, await attach_report(report)]
    return summary(project, window, receipts)
