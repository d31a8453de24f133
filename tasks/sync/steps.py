"""The sync stage's tasks: Phoenix to knowledge store, and trajectories to guidelines."""

import datetime as dt
from contextlib import AsyncExitStack

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.shared.gateways.knowledge import KnowledgeStore, only_sync, open_store, passed_over
from tasks.shared.gateways.llm import BatchWriter, Errand, Models, Writer
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import load_settings
from tasks.shared.store.ledger import open_ledger
from tasks.sync.learning import Learner
from tasks.sync.reading import vectorising
from tasks.sync.receipts import of_guidelines, of_trajectories
from tasks.sync.syncing import Source, bring

PURPOSE = "guidelines"


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def bring_trajectories(source: Source, namespace: str, url: str, *, dry_run: bool = False) -> Batch:
    """Store the new trajectories among the newest spans of a project of the Phoenix at *url*."""
    settings, log = load_settings(), get_run_logger()
    async with AsyncExitStack() as stack:
        if not dry_run:
            stack.enter_context(only_sync(settings.sync, namespace))
        phoenix = await stack.enter_async_context(Phoenix(settings.phoenix.model_copy(update={"url": url})))
        store = await stack.enter_async_context(open_store(settings.sync, namespace, reading=dry_run))
        passed = passed_over(settings.sync, namespace)
        synced = await bring(phoenix, store, settings.sync, source, log.info, passed=passed, dry_run=dry_run)
    return of_trajectories(synced, source, dt.datetime.now(dt.UTC), dry_run=dry_run)


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def learn_guidelines(source: Source, namespace: str) -> Batch:
    """Learn from the trajectories of *namespace* that nothing was learned from yet, within the budget."""
    settings, log = load_settings(), get_run_logger()
    run = str(flow_run.root_flow_run_id or "by hand")
    async with AsyncExitStack() as stack:
        stack.enter_context(only_sync(settings.sync, namespace))
        ledger = stack.enter_context(open_ledger(settings.budget, settings.lake))
        models = await stack.enter_async_context(Models(settings.judges))
        prices, errand = PriceTable.shipped(settings.prices), Errand(run, source.project, PURPOSE)
        vectorise = await stack.enter_async_context(vectorising(settings, run, source.project))
        writer = Writer(models, ledger, prices, settings.budget, errand)
        store = await stack.enter_async_context(open_store(settings.sync, namespace, vectorise))
        waiting = store.unlearned()
        deadline = dt.timedelta(hours=settings.judges.batch_deadline_hours)
        lane = BatchWriter(writer, deadline, log.info) if settings.sync.lane == "batch" else None
        learner = Learner(store, writer, settings.sync, settings.sync.model or settings.judges.model, lane)
        most = settings.sync.trajectories_per_run
        learned = await learner.learn(waiting, most, lambda done, of: log.info("learned from %d of %d", done, of))
        return _receipt(store, learner, source, len(waiting) - learned.lessons)


def _receipt(store: KnowledgeStore, learner: Learner, source: Source, waiting: int) -> Batch:
    return of_guidelines(learner.learned, source, dt.datetime.now(dt.UTC), waiting, len(store.guidelines()))
