"""The evaluate stage's tasks: one for all code evaluators of a window, one for all judges."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.evaluate.annotations import annotations_of, by_unit, publishable, publishing
from tasks.evaluate.catalogue import chosen, is_judge, ready
from tasks.evaluate.estimate import confirm, estimates, expected_usd
from tasks.evaluate.estimate import receipt as estimate_receipt
from tasks.evaluate.judging import DECISIONS_REPLACED, judge_windows, of_everything, without_production_habits
from tasks.evaluate.labelling import awaited_days, fill_queue
from tasks.evaluate.library import judge_called, known_judges
from tasks.evaluate.scored import Scored
from tasks.evaluate.state_judge import state_judge
from tasks.shared.checks import gate
from tasks.shared.gateways.llm.keys import with_keys
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import DAY, Batch, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import together
from tasks.shared.store.tables import DECISIONS


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="score-units",
)
async def score_units(project: str, window: Window, evaluator_names: Sequence[str]) -> dict[str, Batch]:
    """Decide every unit of the window that has no decision of these code evaluators on its present content."""
    return await asyncio.to_thread(_score, load_settings(), project, window, evaluator_names)


def _score(settings: Settings, project: str, window: Window, evaluator_names: Sequence[str]) -> dict[str, Batch]:
    lake, now, scored = Lake.open(settings.lake), dt.datetime.now(dt.UTC), []
    with ExitStack() as stages:
        for evaluator in (ready(name, settings) for name in evaluator_names):
            stage = lake.stage(DECISIONS_REPLACED, project, window, file=evaluator.title)
            scored.append(Scored(evaluator, stages.enter_context(stage)))
            scored[-1].fill(lake, now)
        if any(each.counts for each in scored):
            whole = together([each.stage for each in scored], "code-evaluators")
            gate(whole, lake, settings.checks, create_markdown_artifact)
        for each in scored:
            each.stage.publish()
        return {each.evaluator.name: each.receipt() for each in scored}


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="judge-units",
)
async def judge_units(
    project: str, window: Window, judge_names: Sequence[str], run: str, *, everything: bool = False
) -> dict[str, Batch]:
    """Judge every unit of the window that has no decision of these judges on its present content, within the budgets.

    Args:
        project: The Phoenix project.
        window: Any range of whole hours.
        judge_names: Names of judges; they share the budgets and the pace of their providers.
        run: Under which name the spending counts for the budget of a run.
        everything: Whatever the judges' sampling and lanes say, judge all units, and now.
    """
    settings = await with_keys(load_settings(), _secret)
    known = known_judges(settings.judges)
    judges = [known[name] for name in judge_names]
    if everything:
        settings, judges = without_production_habits(settings), [of_everything(judge) for judge in judges]
    return await judge_windows(
        settings,
        judges,
        project,
        window,
        run,
        show=create_markdown_artifact,
        told=get_run_logger().info,
    )


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="judge-states-{taxonomy}",
)
async def judge_states(
    project: str,
    window: Window,
    taxonomy: str,
    states: Sequence[str],
    *,
    roots: Sequence[str],
    run: str,
    yes: bool = False,
) -> Batch:
    """Ask the judge of failures at which of an agent's *states* the runs of the window failed, as `judge_units` does.

    Args:
        project: The Phoenix project.
        window: Any range of whole hours.
        taxonomy: Name of the agent's taxonomy.
        states: Its states in order.
        roots: Names of its root spans.
        run: Under which name the spending counts for the budget of a run.
        yes: Ask also where that is estimated above `budget.confirm_over_usd`.

    Returns:
        The receipt; `ids` has the judge's `name@version`, which is the file of its decisions.
    """
    settings = without_production_habits(await with_keys(load_settings(), _secret))
    judge = state_judge(judge_called(settings.failures.judge, settings.judges), taxonomy, states, roots)
    if not yes and window.end - window.start > DAY:
        now = dt.datetime.now(dt.UTC)
        found = await asyncio.to_thread(estimates, settings, judge, project, window, now)
        confirm(expected_usd(estimate_receipt(project, window, found)), settings.budget, str(window))
    show, told = create_markdown_artifact, get_run_logger().info
    receipts = await judge_windows(settings, [judge], project, window, run, show=show, told=told)
    return replace(receipts[judge.name], ids={"judge": judge.title})


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="estimate-{window}",
)
def estimate_judges(project: str, window: Window, names: Sequence[str] = ()) -> Batch:
    """Find out what judging the window would take, by the judges among *names* (the enabled ones); nothing is spent."""
    settings, now = load_settings(), dt.datetime.now(dt.UTC)
    judges = [known_judges(settings.judges)[name] for name in chosen(names, settings) if is_judge(name, settings)]
    run = flow_run.root_flow_run_id or ""
    each = [estimate for judge in judges for estimate in estimates(settings, judge, project, window, now, run=run)]
    estimate = estimate_receipt(project, window, each)
    for note in estimate.notes:
        get_run_logger().info(note)
    return estimate


async def _secret(block: str) -> str:
    secret: Secret[str] = await Secret.aload(block)
    return secret.get()


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="publish-decisions",
)
async def publish_decisions(project: str, window: Window, evaluator_names: Sequence[str]) -> dict[str, Batch]:
    """Write the evaluators' scores of the window to Phoenix as annotations; what is there already stays as it is.

    Returns:
        One receipt for spans, traces and sessions each, where there are any.
    """
    settings = load_settings()
    lake, receipts = Lake.open(settings.lake), {}
    async with Phoenix(settings.phoenix) as phoenix:
        for unit, evaluators in by_unit(ready(name, settings) for name in evaluator_names).items():
            annotations = [
                a for each in evaluators for a in annotations_of(each, publishable(lake, project, window, each))
            ]
            counts, notes = publishing(unit, await phoenix.annotate(project, unit, annotations))
            receipts[f"{unit}s"] = Batch(DECISIONS.name, project, window, len(annotations), counts, notes=notes)
    return receipts


@task(cache_policy=NO_CACHE)
def find_labelling_days(project: str, window: Window, names: Sequence[str]) -> list[dt.date]:
    """The days that people may have labelled since: those of *window*, and of units that wait for a label."""
    settings = load_settings()
    judges = [known_judges(settings.judges)[name] for name in names]
    return sorted(set(window.days()).union(*(awaited_days(settings, judge, project, window) for judge in judges)))


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="queue-{judge_name}",
)
async def fill_label_queue(project: str, window: Window, judge_name: str) -> Batch:
    """Draw units of the window for people to label, publish them to Phoenix, and tell how far the labels are."""
    settings = load_settings()
    judge = known_judges(settings.judges)[judge_name]
    now, show = dt.datetime.now(dt.UTC), create_markdown_artifact
    queue = await fill_queue(settings, judge, project, window, at=now, show=show)
    for note in queue.notes:
        get_run_logger().info(note)
    return queue
