"""The gate: whether a candidate may take the place of its baseline."""

from dataclasses import replace

from prefect import flow

from flows.experiment import compared
from tasks.experiments.gating import demanding, raise_unless_passed
from tasks.experiments.steps import decide_gate, plan_trial, tell_power
from tasks.experiments.trial import Wishes
from tasks.shared.errors import GateFailed, Inconclusive
from tasks.shared.records import Batch
from tasks.shared.settings import load_settings


@flow(timeout_seconds=7 * 3600, validate_parameters=True)
async def gate(
    name: str,
    *,
    candidate: str | None = None,
    baseline: str | None = None,
    dataset: str | None = None,
    dataset_version: str | None = None,
    splits: list[str] | None = None,
    limit: int | None = None,
    repetitions: int | None = None,
    confidence: float | None = None,
    project: str | None = None,
    output: str | None = None,
    estimate: bool = False,
    yes: bool = False,
) -> list[Batch]:
    """Compare a candidate with its baseline, and pass it, fail it, or say that nobody can tell yet.

    Exit code 0 is a pass, 1 a fail, 2 inconclusive: too few examples, missing scores, a judge in doubt.

    Args:
        name: Name of a [gates.<name>] section, which the others override.
        candidate: What shall answer tomorrow; see `experiment` for how targets are written.
        baseline: What answers today.
        dataset: Name of the dataset.
        dataset_version: Name of its version, or Phoenix's id of one; the latest by default.
        splits: Splits of the dataset.
        limit: As many examples at most.
        repetitions: Answers for each example and variant.
        confidence: That of the whole verdict.
        project: The project that the lake keeps experiments under; the settings' project by default.
        output: Folder for verdict.json, comment.md and junit.xml.
        estimate: Only tell what it would take, and what the examples can tell; nothing is asked.
        yes: Go ahead even where that is estimated above `budget.confirm_over_usd`.

    Returns:
        The receipts of the experiments, and that of the verdict: `ids` has its `verdict` (an id) and `outcome`.

    Raises:
        ConfigurationError: The gate demands nothing, or a target or the dataset is not there. Nothing was asked.
        NotConfirmed: Estimated above the threshold, and nobody said yes. Nothing was asked.
        GateFailed: The candidate surely breaks a demand. Everything is written; `verdict_id` names the verdict.
        Inconclusive: There is not enough to decide. Everything is written, as far as there is anything.
    """
    wishes = Wishes(candidate, baseline, dataset, dataset_version, splits, limit, repetitions, confidence)
    trial = await plan_trial(name, project or load_settings().project, wishes)
    demanding(trial.gate, name)
    told, doubts, receipts = tell_power(trial), list[str](), list[Batch]()
    try:
        receipts = await compared(trial, estimate=estimate, yes=yes)
    except Inconclusive as doubt:
        doubts = list(doubt.doubts) or [str(doubt)]
    if estimate:
        return [replace(receipt, notes=(*receipt.notes, *told)) for receipt in receipts]
    verdict = await decide_gate(trial, doubts, output)
    raise_unless_passed(verdict)
    return [*receipts, verdict]


async def verdict_of(
    name: str,
    *,
    candidate: str,
    baseline: str,
    project: str,
    splits: list[str] | None = None,
    confidence: float | None = None,
    yes: bool = False,
) -> str:
    """The id of what the gate called *name* says of *candidate*, whichever way it goes.

    Raises:
        Inconclusive: There is no verdict at all.
    """
    try:
        receipts = await gate(
            name,
            candidate=candidate,
            baseline=baseline,
            splits=splits,
            confidence=confidence,
            project=project,
            yes=yes,
        )
    except (GateFailed, Inconclusive) as verdict:
        if not verdict.verdict_id:
            raise
        return verdict.verdict_id
    return str(next(receipt.ids["verdict"] for receipt in receipts if "verdict" in receipt.ids))
