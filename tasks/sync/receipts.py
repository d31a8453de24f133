"""What a sync hands back: one receipt for the trajectories, one for the guidelines."""

import datetime as dt

from tasks.shared.records import HOUR, Batch, Window
from tasks.sync.learning import Learned
from tasks.sync.syncing import Source, Synced

TRAJECTORIES, GUIDELINES = "trajectories", "guidelines"
WARNINGS_SHOWN = 20
CUT = (
    "the limit of {:,} spans was reached before any that is stored: older ones may be missing. Run once with a larger "
    "--limit, and raise sync.limit or sync more often."
)


def of_trajectories(synced: Synced, source: Source, now: dt.datetime, *, dry_run: bool) -> Batch:
    """A row is a trajectory that is new; the notes name the spans that could not be read."""
    skipped = dict(sorted(synced.harvest.skipped.items()))
    return Batch(
        table=TRAJECTORIES,
        project=source.project,
        window=_window(source, now),
        rows=synced.stored,
        counts={
            "processed": synced.stored,
            "skipped": sum(skipped.values()),
            "errors": len(synced.harvest.errors),
            "looked_at": synced.looked_at,
            **{f"skipped.{reason}": count for reason, count in skipped.items()},
        },
        notes=(
            *(("dry run: nothing was stored",) if dry_run else ()),
            *((CUT.format(source.limit),) if synced.cut else ()),
            *(f"span {span_id}: {why}" for span_id, why in synced.harvest.errors.items()),
        ),
    )


def of_guidelines(learned: Learned, source: Source, now: dt.datetime, waiting: int, standing: int) -> Batch:
    """A row is a trajectory that was learned from; *waiting* are trajectories left for a later run."""
    microdollars = round(learned.cost_usd * 1_000_000)
    return Batch(
        table=GUIDELINES,
        project=source.project,
        window=_window(source, now),
        rows=learned.lessons,
        counts={
            "tips_generated": learned.tips,
            **{f"guidelines_{name}": count for name, count in sorted(learned.operations.items())},
            "guidelines_standing": standing,
            "waiting": waiting,
            "warnings": len(learned.warnings),
            "cost_microdollars": microdollars,
        },
        notes=tuple(learned.warnings[:WARNINGS_SHOWN]),
        doubts=(f"learning stopped: {learned.stopped}",) if learned.stopped else (),
    )


def _window(source: Source, now: dt.datetime) -> Window:
    """The whole hours that were looked at; without a beginning the present hour alone."""
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    start = source.since.replace(minute=0, second=0, microsecond=0) if source.since else end - HOUR
    return Window(min(start, end - HOUR), end)
