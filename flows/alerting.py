"""Alerts: what is wrong is told once, while it lasts, and when it is over."""

from prefect import flow

from tasks.alerts.steps import evaluate_rules, measure_hours, note_flow_run, replay_rules, tell_channels
from tasks.shared.errors import Inconclusive
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=3600, validate_parameters=True)
async def alerting(
    window: Window | None = None, project: str | None = None, happened: str = "", *, dry_run: bool = False
) -> list[Batch]:
    """Measure the closed hours, evaluate every rule on those that are due, tell the channels what nobody was told yet.

    After an outage every hour since is evaluated in order. What was raised and is over by then, and what is more than a
    few, is told as one digest.

    Args:
        window: Evaluate exactly these hours, whatever was evaluated before; by default all that are due.
        project: The Phoenix project; the settings' project by default.
        happened: What became of one of Nightjar's own runs, as Prefect's automation tells it; nothing is measured then.
        dry_run: Write no alert and send nothing; the receipts say what would go where.

    Returns:
        Receipts of the measurements, of the alerts, of what was told, and of the back-tests of new or changed rules.

    Raises:
        Inconclusive: A rule is wrong or a measure fails. What the others say is told.
    """
    project = project or load_settings().project
    if happened:
        noted = await note_flow_run(project, happened, dry_run=dry_run)
        return _undoubted([noted, await tell_channels(noted.project, dry_run=dry_run)])
    try:
        measured = await measure_hours(project, window)
        evaluated = await evaluate_rules(project, window, dry_run=dry_run)
    finally:
        told = await tell_channels(project, dry_run=dry_run)
    receipts = [measured, evaluated, told]
    return _undoubted(receipts if window or dry_run else [*receipts, await replay_rules(project)])


def _undoubted(receipts: list[Batch]) -> list[Batch]:
    """The receipts, unless one is in doubt."""
    if doubts := [doubt for receipt in receipts for doubt in receipt.doubts]:
        raise Inconclusive(f"what could be told is told, but: {' '.join(doubts)}", doubts=doubts)
    return receipts
