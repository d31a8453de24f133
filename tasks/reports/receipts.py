"""What the reporting flow hands back."""

from collections.abc import Sequence

from tasks.shared.records import Batch, Window

REPORTS = "reports"


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
