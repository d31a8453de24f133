"""Cheaper prompts: made by rule from the one in production, and decided on by a gate with a ceiling on cost."""

from prefect import flow

from flows.gate import verdict_of
from flows.rounds import each_round
from flows.windows import last_week
from tasks.prompts.round_report import receipt_of
from tasks.prompts.rounds import Round
from tasks.prompts.steps import begin_compression, end_compression
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=4 * 3600, validate_parameters=True)
async def compression(
    prompts: list[str] | None = None, window: Window | None = None, project: str | None = None, *, yes: bool = False
) -> list[Batch]:
    """Take from prompts what may not be needed, and put each cheaper version before the gate; a winner is tagged.

    Args:
        prompts: Names of prompts; those of `prompts.compress` by default.
        window: The traffic that tells which examples are weak: a UTC day or whole hours; the last seven days by
            default.
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

    async def ended(prompt: str) -> Batch:
        begun = await begin_compression(project, prompt, window)
        return await _tried(project, begun, yes=yes) if begun.candidates else receipt_of(begun, project, 0)

    return await each_round(prompts or settings.prompts.compress, ended)


async def _tried(project: str, begun: Round, *, yes: bool) -> Batch:
    """The round with every waiting candidate before the gate, and ended; one that has ended only has its report."""
    production = begun.target(begun.base_version)
    verdicts = {
        each.candidate: await verdict_of(
            begun.gate, candidate=begun.target(each.version), baseline=production, project=project, yes=yes
        )
        for each in begun.waiting
    }
    return await end_compression(project, begun, verdicts)
