"""Spans, annotations and notes of a window, from Phoenix into the lake."""

from prefect import flow

from flows.windows import last_closed_hour
from tasks.fetch.steps import fetch_annotations, fetch_late_spans, fetch_spans
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=2 * 3600, validate_parameters=True)
async def ingestion(window: Window | None = None, project: str | None = None) -> list[Batch]:
    """Fetch every span of a window from Phoenix, normalise, check and store it; take in late spans too.

    Args:
        window: A UTC day (2026-11-19) or whole hours (2026-11-19T05:00Z/2026-11-19T07:00Z); the last closed hour
            by default.
        project: The Phoenix project; the settings' project by default.

    Returns:
        Receipts of the window's spans, of the late spans before it, and of the annotations.
    """
    settings = load_settings()
    project, window = project or settings.project, window or last_closed_hour()
    spans = await fetch_spans(project, window)
    late = await fetch_late_spans(project, window, settings.late_lookback_hours)
    annotations = await fetch_annotations(project, window.reaching_back(settings.late_lookback_hours))
    return [spans, late, annotations]
