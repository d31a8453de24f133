"""Units for people to label, so that the judges' scores can be corrected."""

from prefect import flow

from flows.windows import last_week
from tasks.evaluate.catalogue import chosen, is_judge
from tasks.evaluate.receipts import summary
from tasks.evaluate.steps import fill_label_queue, find_labelling_days
from tasks.fetch.steps import fetch_annotations, fetch_dataset_labels, note_relabelled
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=3600, validate_parameters=True)
async def label_queue(
    window: Window | None = None, judges: list[str] | None = None, project: str | None = None
) -> Batch:
    """Choose judged units for people to label, publish them as Phoenix datasets with notes, tell how far it is.

    The labels that are there by now are fetched first, and the next night does the days again whose labels are new.

    Args:
        window: Which judged units to choose from: a UTC day (2026-11-19) or whole hours; by default the seven days
            before the one this run was scheduled for.
        judges: Names of judges; those that the settings enable by default.
        project: The Phoenix project; the settings' project by default.

    Returns:
        One receipt: how many units were drawn, wait and are labelled, in all and by judge; the notes say how people
        and judges agree.
    """
    settings = load_settings()
    project, window = project or settings.project, window or last_week()
    names = [name for name in chosen(judges or (), settings) if is_judge(name, settings)]
    days = set(find_labelling_days(project, window, names))
    for day in sorted(days):
        await fetch_annotations(project, Window.of_day(day))
    for name in names:
        days.update((await fetch_dataset_labels(project, window, name)).changed_days)
    note_relabelled(project, sorted(days))
    queued = {name: await fill_label_queue(project, window, name) for name in names}
    return summary(project, window, queued, {}, table="label_queue")
