"""At which of its states an agent fails first, and why: found, told to Phoenix and MLflow, and reported."""

import uuid
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from flows.windows import last_week
from tasks.evaluate.steps import judge_states
from tasks.failures.scope import Scope
from tasks.failures.steps import (
    analyse_failures,
    attribute_failures,
    find_states,
    report_failures,
    take_in_labelled,
)
from tasks.fetch.steps import fetch_annotations
from tasks.shared.errors import Inconclusive
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=2 * 3600, validate_parameters=True)
async def failure_analysis(
    window: Window | None = None,
    taxonomies: list[str] | None = None,
    labelled: Path | None = None,
    project: str | None = None,
    *,
    code_only: bool = False,
    relearn: bool = False,
    yes: bool = False,
) -> list[Batch]:
    """Find the first state at which each run of an agent failed, say why, and report it.

    Args:
        window: The runs that begin in it: a UTC day (2026-11-19) or whole hours; the last seven days by default.
        taxonomies: Names of taxonomies; those of the settings for the project by default.
        labelled: A file of labelled traces (JSONL) in the place of Phoenix.
        project: The Phoenix project; the settings' project by default.
        code_only: Ask no model: code alone tells where runs failed, and nobody why.
        relearn: Learn states that no setting declares anew, in the place of those learned before.
        yes: Ask the judge even where that is estimated above `budget.confirm_over_usd`.

    Returns:
        Receipts for each taxonomy: what the judge said, where runs failed, why, and where the report is.

    Raises:
        NotConfirmed: More than a day, estimated above the threshold, and nobody said yes. Nothing was asked.
        Inconclusive: A judge is in doubt, or a budget is spent. The report is there, and says what it lacks.
    """
    settings = load_settings()
    project, window = project or settings.project, window or last_week()
    run = flow_run.root_flow_run_id or uuid.uuid4().hex
    if labelled:
        scopes = [take_in_labelled(labelled, (taxonomies or ["labelled"])[0])]
    else:
        await fetch_annotations(project, window)
        names = taxonomies or list(settings.failures.of_project(project))
        scopes = [find_states(project, window, name, relearn=relearn) for name in names]
    receipts = [receipt for scope in scopes for receipt in await _analysed(scope, run, code_only=code_only, yes=yes)]
    doubts = [doubt for receipt in receipts for doubt in receipt.doubts]
    if doubts:
        raise Inconclusive(f"failures are stored and reported, but {'; '.join(doubts)}.", doubts=doubts)
    return receipts


async def _analysed(scope: Scope, run: str, *, code_only: bool, yes: bool) -> list[Batch]:
    """The receipts of one agent."""
    receipts, judge = list[Batch](), ""
    if load_settings().failures.judge and not code_only:
        agent = scope.taxonomy
        judged = await judge_states(
            scope.project, scope.window, agent.name, agent.states, roots=agent.roots, run=run, yes=yes
        )
        receipts.append(judged)
        judge = judged.ids["judge"]
    receipts.append(await attribute_failures(scope, judge))
    if not code_only:
        receipts.append(await analyse_failures(scope, run))
    return [*receipts, await report_failures(scope)]
