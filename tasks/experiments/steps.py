"""The experiments stage's tasks."""

import asyncio
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from prefect import get_run_logger, task
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.experiments.asking import Block, answered_so_far, ask_block
from tasks.experiments.document import outcome_of
from tasks.experiments.early import Settled, settled
from tasks.experiments.expected import Expected, Judgment, expected
from tasks.experiments.few_shot import with_chosen_examples
from tasks.experiments.gating import (
    Case,
    artifacts_of,
    files_of,
    power_notes,
    take_verdict,
    verdict_receipt,
    write_files,
)
from tasks.experiments.publishing import open_in_phoenix, publish
from tasks.experiments.receipts import experiment_receipt
from tasks.experiments.recording import Recorder
from tasks.experiments.results import pair_of, tag_verdict, track, write_report
from tasks.experiments.scores import read_sides
from tasks.experiments.trial import Trial, Wishes, planned_trial
from tasks.shared.gateways.llm.keys import with_keys
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.pages.markdown import section_markdown
from tasks.shared.records import Batch
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def plan_trial(name: str, project: str, wishes: Wishes) -> Trial:
    """Find out what is compared with what, on which examples. Nothing is asked and nothing is made."""
    settings = load_settings()
    async with Phoenix(settings.phoenix) as phoenix:
        return await planned_trial(settings, phoenix, project, name, wishes)


@task(cache_policy=NO_CACHE)
def expect(trial: Trial, judges: Mapping[str, Judgment]) -> list[Expected]:
    """What the comparison would take; nothing is spent. *judges* by name, with what one decision is assumed to take."""
    return expected(load_settings(), trial, judges)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def open_experiments(trial: Trial) -> Trial:
    """Make Phoenix and the lake have both experiments; returns the trial with their ids.

    Embeddings that few-shot targets need are paid here, once for every text.
    """
    settings, now = await with_keys(load_settings(), _secret), dt.datetime.now(dt.UTC)
    recorder, opened = Recorder(settings, trial.project, create_markdown_artifact), []
    async with Phoenix(settings.phoenix) as phoenix:
        for experiment in trial.experiments:
            variant, asked = experiment.variant, trial.asked.questions
            variant = await with_chosen_examples(settings, trial.project, variant, asked)
            found = await open_in_phoenix(phoenix, trial, experiment)
            opened.append(replace(experiment, variant=variant, phoenix_id=found.id, traced_in=found.project))
            await asyncio.to_thread(recorder.record_experiment, trial, opened[-1], now)
    rows = {each.id: recorder.runs(each.id) for each in opened}
    return trial.opened(opened, answered_so_far(trial, rows))


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="ask-{block}",
)
async def ask_examples(trial: Trial, block: Block, run: str) -> dict[str, Batch]:
    """Ask both variants about the examples of the block that have no answer yet; receipts by experiment.

    Args:
        trial: The comparison, opened.
        block: Which examples.
        run: Under which name the spending counts for the budget of a run.
    """
    settings = await with_keys(load_settings(), _secret)
    recorder = Recorder(settings, trial.project, create_markdown_artifact)
    return await ask_block(recorder, trial, block, run, get_run_logger().info)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def publish_experiments(trial: Trial) -> list[Batch]:
    """Make Phoenix have both experiments' answers with traces and scores; receipts of baseline and candidate."""
    settings = load_settings()
    recorder, published = Recorder(settings, trial.project), {}
    async with Phoenix(settings.phoenix) as phoenix:
        url = phoenix.experiments.url(trial.asked.dataset_id, [each.phoenix_id for each in trial.experiments])
        for experiment in trial.experiments:
            rows = recorder.runs(experiment.id)
            published[experiment.id] = rows, await publish(phoenix, recorder.lake, trial, experiment, rows)
    return [
        experiment_receipt(trial, each, published[each.id][0], counts=published[each.id][1], url=url)
        for each in (trial.baseline, trial.candidate)
    ]


@task(cache_policy=NO_CACHE)
def look(trial: Trial) -> Settled | None:
    """Whether the verdict is settled by the scores so far; None to go on, and where the gate demands nothing."""
    gate, settings = trial.gate, load_settings()
    if not (gate.early_stop and gate.metrics):
        return None
    days, ids = settings.judges.calibration_days, (trial.baseline.id, trial.candidate.id)
    lake, clusters = Lake.open(settings.lake), trial.clusters
    sides = read_sides(lake, trial.project, *ids, gate.metrics, clusters=clusters, calibration_days=days)
    return settled(sides, gate)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def track_comparison(trial: Trial, doubts: Sequence[str]) -> Batch:
    """Log the comparison to MLflow as the one live run of its gate and experiments; the receipt's note is its URL."""
    return await asyncio.to_thread(track, load_settings(), pair_of(trial, doubts), this_flow_run())


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def report_comparison(trial: Trial, doubts: Sequence[str]) -> Batch:
    """Save the comparison's report, attach it to its run and show it in the flow run; the note is where the page is."""
    page, receipt = await asyncio.to_thread(write_report, load_settings(), pair_of(trial, doubts), flow_run.ui_url)
    key = re.sub(r"[^a-z0-9]+", "-", f"comparison-{trial.name.lower()}").strip("-")
    first = "\n\n".join(section_markdown(part) for part in page.parts[:2])
    link = receipt.notes[0] if "://" in receipt.notes[0] else Path(receipt.notes[0]).as_uri()
    await acreate_markdown_artifact(first, key=key, description=page.subtitle)
    await acreate_link_artifact(link, link_text=f"Report of {trial.name}", key=f"{key}-page", description=page.subtitle)
    return receipt


@task(cache_policy=NO_CACHE)
def tell_power(trial: Trial) -> list[str]:
    """What the examples can tell by the gate's demands, in sentences; nothing is spent."""
    notes = power_notes(load_settings(), trial)
    for note in notes:
        get_run_logger().info(note)
    return notes


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying, task_run_name="decide")
async def decide_gate(trial: Trial, doubts: Sequence[str], output: str | None) -> Batch:
    """Take the verdict on what was answered so far, keep it, write its files into the folder *output*, show it."""
    settings = load_settings()
    case = Case(trial.name, trial.project, trial.baseline.id, trial.candidate.id, tuple(doubts), trial.clusters)
    verdict = await asyncio.to_thread(take_verdict, settings, trial.gate, case, show=create_markdown_artifact)
    await asyncio.to_thread(tag_verdict, settings, pair_of(trial, doubts), verdict)
    files = files_of(verdict, settings.phoenix.url)
    if output:
        write_files(files, Path(output))
    for key, shown in artifacts_of(files, trial.name).items():
        await acreate_markdown_artifact(shown, key=key, description=outcome_of(verdict))
    return verdict_receipt(verdict, trial.project, [output] if output else [])


def this_flow_run() -> dict[str, str]:
    """Id, name and page of the flow run this is part of; empty outside one."""
    found = {"id": flow_run.id, "name": flow_run.name, "url": flow_run.ui_url}
    return {key: str(value) for key, value in found.items() if value}


async def _secret(block: str) -> str:
    secret: Secret[str] = await Secret.aload(block)
    return secret.get()
