"""What became of an experiment, as a receipt."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from tasks.experiments.runs import Row, window_of
from tasks.experiments.trial import Experiment, Trial
from tasks.shared.records import Batch
from tasks.shared.store.tables import EXPERIMENT_RUNS


def experiment_receipt(
    trial: Trial, experiment: Experiment, rows: Sequence[Row], *, counts: Mapping[str, int], url: str
) -> Batch:
    """All answers of *experiment*; *counts* is what Phoenix was told."""
    statuses = Counter(row["status"] for row in rows)
    cost = sum(Decimal(str(row["cost_usd"] or 0)) for row in rows)
    notes = [f"{experiment.role} {experiment.variant.title} is experiment {experiment.id}: {url}", *trial.asked.notes]
    for status, told in (("errored", "errored"), ("budget_stopped", "stopped by a budget")):
        first = next((row["error"] for row in rows if row["status"] == status), None)
        if first:
            notes.append(
                f"{experiment.role}: {statuses[status]} of {trial.answers} answers {told}, first: {first[:200]}"
            )
    if counts.get("traces_missing"):
        notes.append(
            f"{experiment.role}: Phoenix took {counts['traces_missing']} traces and has not stored them yet; "
            "the next run sends again what it lacks"
        )
    if counts.get("kept"):
        notes.append(
            f"{experiment.role}: Phoenix has other answers to {counts['kept']} questions, of a lake that is gone; "
            "it shows those, without scores. Delete the experiment there to see these."
        )
    return Batch(
        table=EXPERIMENT_RUNS.name,
        project=trial.project,
        window=window_of(row["start_time"] for row in rows),
        rows=len(rows),
        counts={
            "planned": trial.answers,
            **statuses,
            **{what: count for what, count in counts.items() if count},
            "cost_microdollars": round(cost * 1_000_000),
        },
        notes=tuple(notes),
        ids={experiment.role: experiment.id},
    )
