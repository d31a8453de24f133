"""Summary metrics of a window, from the lake to MLflow."""

from prefect import flow

from flows.turns import tracking_turn
from flows.windows import yesterday
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings
from tasks.tracking.steps import log_day, log_trend, summarise


@flow(timeout_seconds=3600)
async def tracking(window: Window | None = None, project: str | None = None, *, trend: bool = True) -> Batch:
    """Compute the summary metrics of every UTC day a window touches; log each day, and the trend, to MLflow.

    Args:
        window: A UTC day (2026-11-19) or whole hours, which stand for their whole days; yesterday by default.
        project: The Phoenix project; the settings' project by default.
        trend: Whether to log the trend run too, which has all days; a backfill does so once, at its end.

    Returns:
        The receipt of the metrics; its notes are the URLs of the days' runs and of the trend run.
    """
    project, window = project or load_settings().project, window or Window.of_day(yesterday())
    days = [Window.of_day(day) for day in window.days()]
    summaries = [await summarise(project, day) for day in days]
    async with tracking_turn():
        runs = [await log_day(project, day) for day in days]
        runs += [await log_trend(project)] if trend else []
    return Batch(
        table=runs[-1].table,
        project=project,
        window=Window(days[0].start, days[-1].end),
        rows=sum(summary.rows for summary in summaries),
        counts={"days": len(days), "points_logged": sum(run.counts["logged"] for run in runs)},
        changed_days=tuple(day for summary in summaries for day in summary.changed_days),
        notes=tuple(note for run in runs for note in run.notes),
    )
