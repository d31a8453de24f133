"""What the reporting flow hands back."""

from collections.abc import Sequence

from tasks.shared.channels import Delivery
from tasks.shared.errors import DeliveryFailed
from tasks.shared.records import Batch, Window

REPORTS = "reports"
FAILED = "not sent"
SAID = {"sent": "sent", "already_sent": "already sent", "failed": FAILED, "dry_run": "would be sent"}


def summary(project: str, window: Window, reports: Sequence[Batch]) -> Batch:
    """One receipt for the reports of several days; a row is a report."""
    names = dict.fromkeys(name for report in reports for name in report.counts)
    return Batch(
        table=REPORTS,
        project=project,
        window=window,
        rows=sum(report.rows for report in reports),
        counts={name: sum(report.counts.get(name, 0) for report in reports) for name in names},
        notes=tuple(note for report in reports for note in report.notes),
    )


def delivered(project: str, window: Window, deliveries: Sequence[Delivery]) -> Batch:
    """The receipt of a report's delivery: a count for each outcome, a note for each channel."""
    statuses = [SAID[each.status] for each in deliveries]
    return Batch(
        table=REPORTS,
        project=project,
        window=window,
        rows=0,
        counts={said: statuses.count(said) for said in dict.fromkeys(statuses)},
        notes=tuple(f"{SAID[each.status]} through {each.channel}: {each.detail}" for each in deliveries),
    )


def raise_undelivered(receipts: Sequence[Batch]) -> None:
    """End a flow that has done everything else, where a channel did not take a report.

    Raises:
        DeliveryFailed: Says which channels, and why.
    """
    if failed := undelivered(receipts):
        raise DeliveryFailed(
            f"{' '.join(failed)} Everything else is done. The next night tries again, or `python -m flows reporting "
            "--window <day> --deliver` does."
        )


def undelivered(receipts: Sequence[Batch]) -> list[str]:
    """A sentence for each report and channel that did not take it."""
    return [
        f"The report of {receipt.project}, {receipt.window} was {note.rstrip('.')}."
        for receipt in receipts
        for note in receipt.notes
        if note.startswith(FAILED)
    ]
