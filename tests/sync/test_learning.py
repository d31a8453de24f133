"""Learning, with the simulated provider over HTTP: tips, conflicts, invalid answers, no money, nothing paid twice."""

import asyncio
import datetime as dt
import time
from contextlib import AsyncExitStack

import pytest

from tasks.shared.gateways.knowledge import Trajectory, local_vectors, open_store
from tasks.shared.gateways.llm import BatchWriter, Errand, Models, Writer
from tasks.shared.prices import PriceTable
from tasks.shared.settings import SyncSettings
from tasks.shared.store.ledger import open_ledger
from tasks.sync.learning import Learner
from tests.providers import MODEL, books, change, judge_settings, settings_with, simulated


def trajectory(number: int, *said: str) -> Trajectory:
    roles = ("user", "assistant")
    messages = tuple({"role": roles[i % 2], "content": text} for i, text in enumerate(said))
    return Trajectory(
        f"{number:032x}", f"{number:016x}", "shop", "m", f"2026-11-19T05:00:{number:02d}", len(messages), {}, messages
    )


FIRST = trajectory(1, "How many devices are online?", "SELECT count(*) FROM devices WHERE online")
SECOND = trajectory(2, "Devices per region?", "SELECT region, count(*) FROM devices GROUP BY region")
OTHER = trajectory(3, "A soup recipe?", "Tomato soup.")


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
def learn(provider, tmp_path):
    """Store these trajectories and learn from what is unlearned; gives what was learned, and the guidelines."""

    async def learned(*trajectories: Trajectory, judges=None, batch=False, **budget):
        knowledge = SyncSettings(folder=str(tmp_path / "knowledge"))
        settings = settings_with(judges or judge_settings(provider), tmp_path / "lake", **budget)
        async with AsyncExitStack() as stack:
            ledger = stack.enter_context(open_ledger(settings.budget, settings.lake))
            models = await stack.enter_async_context(Models(settings.judges))
            store = await stack.enter_async_context(open_store(knowledge, "team", local_vectors))
            store.add(trajectories)
            prices = PriceTable.shipped(settings.prices)
            writer = Writer(models, ledger, prices, settings.budget, Errand("run", "shop", "guidelines"))
            lane = BatchWriter(writer, dt.timedelta(hours=24), lambda _words: None) if batch else None
            learner = Learner(store, writer, knowledge, MODEL, lane)
            done = await learner.learn(store.unlearned(), 200, lambda _done, _of: None)
            return done, store.guidelines(), store.lessons()

    return lambda *trajectories, **named: asyncio.run(learned(*trajectories, **named))


def test_equal_lessons_become_evidence_and_new_ones_guidelines(learn):
    done, guidelines, lessons = learn(FIRST, SECOND, OTHER)
    assert done.lessons == 3
    assert done.tips == sum(each.tips for each in lessons)
    assert done.operations["add"] > 0
    assert done.operations["none"] > 0
    assert len({each.content for each in guidelines}) == len(guidelines)
    counting = next(each for each in guidelines if each.content.startswith("Let the database count"))
    assert counting.evidence == (FIRST.span_id, SECOND.span_id)
    assert counting.source_span_id == FIRST.span_id
    assert not done.warnings


def test_a_second_run_learns_nothing_and_asks_nothing(learn, provider):
    learn(FIRST, SECOND)
    before = books(provider)["answered"]
    done, *_ = learn(FIRST, SECOND)
    assert (done.lessons, done.tips) == (0, 0)
    assert books(provider)["answered"] == before


def test_an_invalid_answer_makes_no_tips_and_a_warning(learn, provider):
    change(provider, rate_malformed=1.0)
    try:
        done, guidelines, lessons = learn(FIRST)
    finally:
        change(provider, rate_malformed=0.0)
    assert (done.lessons, done.tips, guidelines) == (1, 0, [])
    assert "no tips, the answer is invalid" in done.warnings[0]
    assert lessons[0].warning.startswith("the answer is invalid")


def test_without_money_the_rest_waits_for_another_run(learn):
    done, _, lessons = learn(FIRST, SECOND, per_run_usd=0.0)
    assert "has no room" in done.stopped
    assert lessons == []
    done, _, lessons = learn()
    assert len(lessons) == 2


def test_a_provider_that_is_down_leaves_the_trajectory_for_another_run(learn, provider):
    change(provider, rate_500=1.0)
    try:
        done, _, lessons = learn(FIRST)
    finally:
        change(provider, rate_500=0.0)
    assert lessons == []
    assert "waits for another run" in done.warnings[0]
    assert len(learn()[2]) == 1


def test_what_is_refused_while_others_are_answered_teaches_nothing_and_is_not_asked_again(learn, provider):
    long = trajectory(4, "word " * 3000, "SELECT 1")
    change(provider, context_tokens=2000)
    try:
        alone, _, lessons = learn(long)
        assert (alone.lessons, lessons) == (0, [])
        done, _, lessons = learn(FIRST)
    finally:
        change(provider, context_tokens=0)
    assert done.lessons == 2
    assert lessons[-1].span_id == long.span_id
    assert "refused" in lessons[-1].warning
    assert learn()[0].lessons == 0


def test_tips_by_batch_are_learned_by_a_later_run_at_half_the_price(learn, provider):
    change(provider, batch_seconds=0.3)
    before = usage(provider, "batch")
    done, guidelines, _ = learn(FIRST, SECOND, batch=True)
    assert (done.lessons, guidelines) == (0, [])
    learn(FIRST, SECOND, batch=True)  # they are out there already
    time.sleep(0.5)
    _, guidelines, lessons = learn(FIRST, SECOND, batch=True)
    assert len(lessons) == 2
    assert guidelines
    assert usage(provider, "batch") - before == 2


def test_a_batch_item_that_fails_is_asked_in_the_usual_way(learn, provider):
    change(provider, batch_seconds=0.1, rate_batch_error=1.0)
    try:
        learn(OTHER, batch=True)
        time.sleep(0.3)
        done, *_ = learn(batch=True)
    finally:
        change(provider, rate_batch_error=0.0)
    assert done.lessons == 1


def usage(url: str, lane: str) -> int:
    """How many calls the provider has billed in a lane."""
    return sum(line["calls"] for line in books(url)["usage"] if line["lane"] == lane)
