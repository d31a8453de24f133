"""Better prompts: proposed by a model that sees where the present one fails, and decided on by a gate."""

import uuid

from prefect import flow
from prefect.runtime import flow_run

from flows.experiment import experiment
from flows.gate import verdict_of
from flows.rounds import each_round
from flows.windows import last_week
from tasks.prompts.outcome import CHOSEN_ON, DECIDED_ON
from tasks.prompts.round_report import receipt_of
from tasks.prompts.rounds import Round
from tasks.prompts.steps import begin_round, choose_candidate, end_round
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=4 * 3600, validate_parameters=True)
async def prompt_optimisation(
    prompts: list[str] | None = None, window: Window | None = None, project: str | None = None, *, yes: bool = False
) -> list[Batch]:
    """Ask for better versions of prompts, try them on dev, put the best before the gate on test; a winner is tagged.

    Args:
        prompts: Names of prompts; those of `prompts.optimise` by default.
        window: The traffic whose failures are learned from: a UTC day or whole hours; the last seven days by default.
        project: The Phoenix project with the traffic; the settings' project by default.
        yes: Go on where the experiments are estimated above `budget.confirm_over_usd`.

    Returns:
        One receipt per prompt: how many candidates became what, the round, and the winner.

    Raises:
        Inconclusive: A round could not end: a budget is spent, a judge is in doubt, answers are missing. The other
            prompts are done; the next run goes on with this one.
    """
    settings = load_settings()
    project, window = project or settings.project, window or last_week()
    run = flow_run.root_flow_run_id or uuid.uuid4().hex

    async def ended(prompt: str) -> Batch:
        begun = await begin_round(project, prompt, window, run)
        return await _tried(project, begun, yes=yes) if begun.candidates else receipt_of(begun, project, 0)

    return await each_round(prompts or settings.prompts.optimise, ended)


async def _tried(project: str, begun: Round, *, yes: bool) -> Batch:
    """The round with every waiting candidate tried, and ended; one that has ended already only has its report again."""
    production, experiments = begun.target(begun.base_version), {}
    for each in begun.waiting:
        receipts = await experiment(
            gate=begun.gate,
            candidate=begun.target(each.version),
            baseline=production,
            splits=[CHOSEN_ON],
            project=project,
            yes=yes,
        )
        ids = {role: number for receipt in receipts for role, number in receipt.ids.items()}
        experiments[each.candidate] = (ids["baseline"], ids["candidate"])
    scored, best, confidence = await choose_candidate(project, begun, experiments)
    if best is None:
        return await end_round(project, scored)
    verdict = await verdict_of(
        begun.gate,
        candidate=begun.target(best.version),
        baseline=production,
        splits=[DECIDED_ON],
        confidence=confidence,
        project=project,
        yes=yes,
    )
    return await end_round(project, scored, best, verdict)
