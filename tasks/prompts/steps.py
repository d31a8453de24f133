"""The prompts stage's tasks: rounds that look for better prompts, and for cheaper ones."""

import asyncio
from collections.abc import Mapping

from prefect import get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact, create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE

from tasks.prompts.beginning import Beginning
from tasks.prompts.candidates import Candidate, keep
from tasks.prompts.compression_report import compression_page
from tasks.prompts.compression_round import CompressionBeginning, best_of, tagged
from tasks.prompts.ending import chosen, confidence_for, decided, read_verdict, scored_on_dev, taking_turn
from tasks.prompts.round_report import receipt_of, round_page
from tasks.prompts.rounds import Round
from tasks.shared.gateways.llm.keys import with_keys
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import html
from tasks.shared.records import Batch, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import prompt_round_path


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="begin-round-{prompt}",
)
async def begin_round(project: str, prompt: str, window: Window, run: str) -> Round:
    """Show a model where the production prompt failed, and put its proposals into the hub and the lake; or find them.

    Args:
        project: The Phoenix project with the traffic.
        prompt: Name of the prompt.
        window: The traffic to learn from.
        run: Under which name the spending counts for the budget of a run.
    """
    settings = await with_keys(load_settings(), _secret)
    begun = await Beginning(settings, project, prompt, window, run).round()
    if begun.candidates:
        await asyncio.to_thread(_keep, settings, project, begun.candidates)
    for note in begun.notes:
        get_run_logger().info(note)
    return begun


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="choose-candidate",
)
async def choose_candidate(
    project: str, begun: Round, experiments: Mapping[str, tuple[str, str]]
) -> tuple[Round, Candidate | None, float]:
    """Find the best of the candidates on dev, and take its turn on test; nothing else is recorded yet.

    Returns:
        The round, which says why the others are not the best; the best, if any; with which confidence to decide on it.
    """
    settings = load_settings()
    lake, gate = Lake.open(settings.lake), settings.gates[begun.gate]
    found, best = chosen(begun, scored_on_dev(lake, project, begun, experiments), gate.coverage_floor)
    if best is None:
        return found, None, gate.confidence
    async with Phoenix(settings.phoenix) as phoenix:
        examples = await phoenix.examples(gate.dataset)
    best = await asyncio.to_thread(taking_turn, lake, project, best, examples, settings=settings, gate=begun.gate)
    await asyncio.to_thread(_keep, settings, project, (best,))
    return found.with_candidates([best]), best, confidence_for(best, settings, begun.gate)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="end-round",
)
async def end_round(project: str, begun: Round, best: Candidate | None = None, verdict_id: str = "") -> Batch:
    """Tag the winner, record what became of every candidate, and report.

    Args:
        project: The Phoenix project with the traffic.
        begun: The round, whose candidates other than the best are told why they are not.
        best: The candidate that was put before the gate, if any.
        verdict_id: What the gate said of it.
    """
    settings = load_settings()
    lake = Lake.open(settings.lake)
    async with Phoenix(settings.phoenix) as phoenix:
        base = await phoenix.prompts.version(begun.prompt, begun.base_version)
        if best is not None:
            verdict = await asyncio.to_thread(read_verdict, lake, project, verdict_id)
            begun = begun.with_candidates([await decided(phoenix.prompts, begun, best, verdict, settings)])
    changed = await asyncio.to_thread(_keep, settings, project, begun.candidates)
    page = round_page(begun, project, base)
    path = lake.put_file(prompt_round_path(project, begun.prompt, begun.id), html(page).encode())
    await acreate_markdown_artifact(markdown(page), key="prompt-round", description=f"Optimisation of {begun.prompt}")
    return receipt_of(begun, project, changed, path)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="begin-compression-{prompt}",
)
async def begin_compression(project: str, prompt: str, window: Window) -> Round:
    """Put cheaper versions of the production prompt into the hub and the lake; or find them."""
    settings = load_settings()
    begun = await CompressionBeginning(settings, project, prompt, window).round()
    if begun.candidates:
        await asyncio.to_thread(_keep, settings, project, begun.candidates)
    return begun


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="end-compression",
)
async def end_compression(project: str, begun: Round, verdict_ids: Mapping[str, str]) -> Batch:
    """Tag the cheapest candidate that passed, record what became of every one, and report.

    Args:
        project: The Phoenix project with the traffic.
        begun: The round.
        verdict_ids: What the gate said, by candidate.
    """
    settings = load_settings()
    lake = Lake.open(settings.lake)
    verdicts = {name: await asyncio.to_thread(read_verdict, lake, project, each) for name, each in verdict_ids.items()}
    ended, best = best_of(begun, verdicts)
    async with Phoenix(settings.phoenix) as phoenix:
        base = await phoenix.prompts.version(ended.prompt, ended.base_version)
        if best is not None:
            ended = ended.with_candidates([await tagged(phoenix.prompts, ended, best)])
    changed = await asyncio.to_thread(_keep, settings, project, ended.candidates)
    page = compression_page(ended, project, base)
    path = lake.put_file(prompt_round_path(project, ended.prompt, ended.id), html(page).encode())
    await acreate_markdown_artifact(markdown(page), key="compression", description=f"Compression of {ended.prompt}")
    return receipt_of(ended, project, changed, path)


def _keep(settings: Settings, project: str, candidates: tuple[Candidate, ...]) -> int:
    """Put *candidates* into the lake; returns how many partitions are new."""
    return keep(Lake.open(settings.lake), project, candidates, settings.checks, create_markdown_artifact).changed


async def _secret(block: str) -> str:
    secret: Secret[str] = await Secret.aload(block)
    return secret.get()
