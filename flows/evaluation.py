"""Scores of a window: every evaluator's decisions into the lake, and from there into Phoenix."""

import asyncio
import uuid

from prefect import flow
from prefect.runtime import flow_run

from flows.windows import last_closed_hour
from tasks.evaluate.catalogue import chosen, is_judge
from tasks.evaluate.estimate import confirm, expected_usd
from tasks.evaluate.receipts import summary
from tasks.evaluate.steps import estimate_judges, judge_units, publish_decisions, score_units
from tasks.shared.errors import Inconclusive
from tasks.shared.records import DAY, Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=2 * 3600, validate_parameters=True)
async def evaluation(
    window: Window | None = None,
    evaluators: list[str] | None = None,
    project: str | None = None,
    *,
    estimate: bool = False,
    yes: bool = False,
) -> Batch:
    """Score what has no decision yet with each enabled evaluator, check, store, publish to Phoenix as annotations.

    Args:
        window: A UTC day (2026-11-19) or whole hours (2026-11-19T05:00Z/2026-11-19T07:00Z); the last closed hour
            by default.
        evaluators: Names of evaluators; those that the settings enable by default.
        project: The Phoenix project; the settings' project by default.
        estimate: Only tell what the judges would be asked, with cost and time; nothing is spent.
        yes: Judge more than a day even where that is estimated above `budget.confirm_over_usd`.

    Returns:
        One receipt: how many units got which status, in all and by evaluator, and what was published.

    Raises:
        NotConfirmed: More than a day, estimated above the threshold, and nobody said yes. Nothing was done.
        Inconclusive: A judge is in doubt. Everything else is done.
    """
    settings = load_settings()
    project, window = project or settings.project, window or last_closed_hour()
    names = chosen(evaluators or (), settings)
    if estimate:
        return estimate_judges(project, window, names)
    if not yes and window.end - window.start > DAY:
        confirm(expected_usd(estimate_judges(project, window, names)), settings.budget, str(window))
    run = flow_run.root_flow_run_id or uuid.uuid4().hex
    judges = [name for name in names if is_judge(name, settings)]
    # Code decides while judges are waited for; what it decided is kept whatever becomes of them.
    by_code = asyncio.create_task(score_units(project, window, [name for name in names if name not in judges]))
    try:
        judged = await judge_units(project, window, judges, run) if judges else {}
    finally:
        scored = await by_code
    published = await publish_decisions(project, window, names)
    receipt = summary(project, window, scored | judged, published)
    if receipt.doubts:
        raise Inconclusive(f"scores are stored and published, but {'; '.join(receipt.doubts)}.")
    return receipt
