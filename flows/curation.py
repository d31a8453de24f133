"""Golden datasets: examples from the traffic into Phoenix datasets, and how long they will still do."""

from prefect import flow

from flows.windows import last_days
from tasks.curate.steps import curate_datasets, keep_golden_ledger
from tasks.fetch.steps import fetch_annotations
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=2 * 3600, validate_parameters=True)
async def curation(
    window: Window | None = None, datasets: list[str] | None = None, project: str | None = None
) -> list[Batch]:
    """Fill the curated datasets from the traffic, and tell how long the golden one will still do.

    Args:
        window: Traffic to choose from: a UTC day (2026-11-19) or whole hours; by default the
            `curation.lookback_days` before the one this run was scheduled for.
        datasets: Kinds of datasets: golden, failed, blocked, expert; all that have a name by default.
        project: The Phoenix project; the settings' project by default.

    Returns:
        A receipt for each dataset: how many examples it has, how many are new, what was left out; and one for the
        ledger of the golden dataset, whose notes say how it fits the traffic and whether to refresh it.
    """
    settings = load_settings()
    project, window = project or settings.project, window or last_days(settings.curation.lookback_days)
    for day in window.days()[-settings.curation.annotated_days :] if settings.curation.annotated_days else ():
        await fetch_annotations(project, Window.of_day(day))
    receipts = await curate_datasets(project, window, datasets or [])
    if settings.curation.names.golden and (not datasets or "golden" in datasets):
        receipts.append(await keep_golden_ledger(project, window))
    return receipts
