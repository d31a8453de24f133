"""Both back ends keep the same promises; the folder's are also kept when a writer is killed."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tasks.shared.errors import ConfigurationError, Inconclusive, ServiceUnavailable, StoreError
from tasks.shared.gateways.knowledge import (
    Change,
    Guideline,
    Lesson,
    Trajectory,
    guideline_id,
    local_vectors,
    only_sync,
    open_store,
    passed_over,
)
from tasks.shared.settings import SyncSettings

BACK_ENDS = ("filesystem", "milvus")
FORMS = ("conversation", "messages")


def trajectory(number: int, text: str = "How many devices are online?") -> Trajectory:
    messages = (
        {"role": "user", "content": text},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "count"}}]},
    )
    return Trajectory(
        trace_id=f"{number:032x}",
        span_id=f"{number:016x}",
        project="shop",
        model="gpt-4o",
        timestamp=f"2026-11-19T{number:02d}:00:00.000000+00:00",
        message_count=2,
        usage={"prompt_tokens": 10},
        messages=messages,
        counts={"media": 1},
    )


def guideline(number: int, content: str) -> Guideline:
    span_id = f"{number:016x}"
    return Guideline(
        guideline_id=guideline_id(span_id, 1),
        content=content,
        category="strategy",
        rationale="because",
        trigger="when counting",
        task="counting devices",
        source_trace_id=f"{number:032x}",
        source_span_id=span_id,
        evidence=(span_id,),
    )


def lesson(number: int, *changes: Change) -> Lesson:
    return Lesson(f"{number:016x}", f"2026-11-19T{number:02d}:00:00+00:00", len(changes), changes)


@pytest.fixture(params=BACK_ENDS)
def settings(request, tmp_path):
    return SyncSettings(store=request.param, folder=str(tmp_path / "know"), milvus_uri=str(tmp_path / "milvus.db"))


@asynccontextmanager
async def opened(settings, namespace="team"):
    async with open_store(settings, namespace, local_vectors) as store:
        yield store


@pytest.mark.parametrize("form", FORMS)
async def test_a_trajectory_comes_back_as_it_was_stored_and_is_stored_once(settings, form):
    settings = settings.model_copy(update={"form": form})
    long = trajectory(2, "ü" * 90_000)
    async with opened(settings) as store:
        assert store.add([trajectory(1), long]) == 2
        assert store.add([trajectory(1), trajectory(3)]) == 1
    async with opened(settings) as store:
        assert store.trajectory(long.span_id) == long
        assert store.trajectory("nothing") is None
        assert store.seen() == {trajectory(n).span_id for n in (1, 2, 3)}
        assert (long.trace_id, long.digest) in store.conversations()
        assert store.of_trace(long.trace_id) == [long]
        assert store.of_trace("0" * 32) == []
        assert store.unlearned() == [trajectory(n).span_id for n in (1, 2, 3)]


async def test_lessons_change_guidelines_once_and_the_history_is_kept(settings):
    first, second = guideline(1, "Count rows, not pages."), guideline(2, "Check the schema before joins.")
    better = replace(first, content="Count rows with a filter.", evidence=(*first.evidence, "b"))
    async with opened(settings) as store:
        store.add([trajectory(1), trajectory(2), trajectory(3)])
        await store.learn(lesson(1, Change("add", first)))
        await store.learn(lesson(1, Change("delete", first)))  # again: it is applied already
        await store.learn(lesson(2, Change("add", second), Change("update", better, "more exact")))
        assert store.unlearned() == [trajectory(3).span_id]
    async with opened(settings) as store:
        assert store.guidelines() == [better, second]
        assert [each.span_id for each in store.lessons()] == [trajectory(1).span_id, trajectory(2).span_id]
        await store.learn(lesson(3, Change("delete", second, "wrong")))
        assert store.guidelines() == [better]
        assert [g for g, _ in await store.similar("schema joins", 5)] == [better]
        assert store.lessons()[1].changes[1] == Change("update", better, "more exact")


async def test_the_most_alike_guideline_comes_first(settings):
    texts = ("Retry a timed out query once.", "Greet the user by name.", "Quote identifiers in SQL queries.")
    async with opened(settings) as store:
        assert await store.similar("anything", 3) == []
        await store.learn(lesson(1, *(Change("add", guideline(n, text)) for n, text in enumerate(texts, start=1))))
        found = await store.similar("a query that timed out", 2)
        assert found[0][0].content == texts[0]
        assert len(found) == 2
        assert found[0][1] > found[1][1]


async def test_namespaces_know_nothing_of_each_other(settings):
    async with opened(settings) as ours:
        ours.add([trajectory(1)])
        await ours.learn(lesson(1, Change("add", guideline(1, "Ours."))))
    async with opened(settings, "others") as theirs:
        assert theirs.seen() == frozenset()
        assert theirs.guidelines() == []
        assert await theirs.similar("Ours.", 3) == []


async def test_a_name_that_would_leave_the_folder_is_refused(settings):
    with pytest.raises(ConfigurationError, match="is no name"):
        async with opened(settings, "../other"):
            pass


async def test_whoever_only_reads_sees_what_is_there_and_leaves_the_folder_as_it_is(settings, tmp_path):
    async with opened(settings) as store:
        store.add([trajectory(1), trajectory(2)])
        await store.learn(lesson(1, Change("add", guideline(1, "Count rows."))))
    (tmp_path / "know" / "team" / "index.sqlite").unlink(missing_ok=True)
    before = sorted(tmp_path.rglob("*"))
    async with open_store(settings, "team", local_vectors, reading=True) as store:
        assert store.seen() == {trajectory(1).span_id, trajectory(2).span_id}
        assert store.trajectory(trajectory(2).span_id) == trajectory(2)
        assert store.unlearned() == [trajectory(2).span_id]
        assert [each.content for each, _ in await store.similar("rows", 1)] == ["Count rows."]
    assert sorted(tmp_path.rglob("*")) == before


async def test_a_namespace_that_is_not_there_is_empty_for_whoever_only_reads_and_is_not_made(settings, tmp_path):
    async with open_store(settings, "mistyped", local_vectors, reading=True) as store:
        assert (store.seen(), store.conversations(), store.of_trace("a")) == (frozenset(), frozenset(), [])
        assert (store.guidelines(), store.lessons(), store.unlearned()) == ([], [], [])
        assert await store.similar("anything", 3) == []
    assert list(tmp_path.iterdir()) == []


def test_spans_that_were_passed_over_are_remembered_and_half_a_line_is_none_of_them(tmp_path):
    passed = passed_over(SyncSettings(folder=str(tmp_path)), "team")
    assert passed.span_ids() == frozenset()
    (tmp_path / "team").mkdir()
    passed.add(["a" * 16])
    passed.path.write_text(passed.path.read_text() + "\n" + "b" * 7)  # killed
    passed.add(["c" * 16])
    assert {"a" * 16, "c" * 16} <= passed.span_ids()
    assert passed.span_ids() - {"a" * 16, "c" * 16} == {"b" * 7}


def test_one_sync_at_a_time(tmp_path):
    settings = SyncSettings(folder=str(tmp_path))
    with only_sync(settings, "team"), pytest.raises(Inconclusive, match="another sync"), only_sync(settings, "team"):
        pass
    with only_sync(settings, "team"):
        pass


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", [1, 40, 400])
async def test_what_a_killed_writer_left_of_a_line_is_cut_off(tmp_path, form, cut):
    settings = SyncSettings(folder=str(tmp_path), form=form)
    async with opened(settings) as store:
        store.add([trajectory(1)])
        await store.learn(lesson(1, Change("add", guideline(1, "One."))))
    whole = {}
    for name in ("trajectories.jsonl", "lessons.jsonl"):
        whole[name] = (tmp_path / "team" / name).read_bytes()
        (tmp_path / "team" / name).write_bytes(whole[name] + whole[name][:cut])
    async with opened(settings) as store:
        assert store.seen() == {trajectory(1).span_id}
        store.add([trajectory(2)])
        await store.learn(lesson(2))
        assert store.trajectory(trajectory(2).span_id) == trajectory(2)
    for name, before in whole.items():
        lines = (tmp_path / "team" / name).read_bytes()
        assert lines.startswith(before)
        assert all(json.loads(line) for line in lines.splitlines())


async def test_a_lost_index_is_made_again(tmp_path):
    settings = SyncSettings(folder=str(tmp_path))
    async with opened(settings) as store:
        store.add([trajectory(1), trajectory(2)])
    (tmp_path / "team" / "index.sqlite").unlink()
    async with opened(settings) as store:
        assert store.trajectory(trajectory(2).span_id) == trajectory(2)


async def test_an_index_that_is_ahead_of_its_file_is_made_again(tmp_path):
    settings = SyncSettings(folder=str(tmp_path))
    async with opened(settings) as store:
        store.add([trajectory(1)])
        before = (tmp_path / "team" / "trajectories.jsonl").read_bytes()
        store.add([trajectory(2)])
    (tmp_path / "team" / "trajectories.jsonl").write_bytes(before)  # restored from a backup
    async with opened(settings) as store:
        assert store.seen() == {trajectory(1).span_id}
        store.add([trajectory(3)])
        assert store.trajectory(trajectory(3).span_id) == trajectory(3)


async def test_a_damaged_file_is_told_with_its_place(tmp_path):
    settings = SyncSettings(folder=str(tmp_path))
    async with opened(settings) as store:
        store.add([trajectory(1)])
    file = tmp_path / "team" / "trajectories.jsonl"
    file.write_bytes(b"{broken}\n" + file.read_bytes())
    (tmp_path / "team" / "index.sqlite").unlink()
    with pytest.raises(StoreError, match="damaged at byte 0"):
        async with opened(settings):
            pass


async def test_the_search_index_of_milvus_is_put_right_when_it_is_opened(tmp_path):
    settings = SyncSettings(store="milvus", milvus_uri=str(tmp_path / "milvus.db"))
    async with opened(settings) as store:
        await store.learn(lesson(1, Change("add", guideline(1, "Kept."))))
        store._client.delete("nightjar_guidelines", filter="part >= 0")  # as if killed before it was written
        assert await store.similar("Kept.", 1) == []
    async with opened(settings) as store:
        assert [each.content for each, _ in await store.similar("Kept.", 1)] == ["Kept."]


async def test_a_milvus_that_is_away_is_told_with_its_address():
    settings = SyncSettings(store="milvus", milvus_uri="http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1:9"):
        async with opened(settings):
            pass


async def test_vectors_of_another_length_are_refused(tmp_path):
    import numpy as np

    async def short(texts):
        return np.ones((len(texts), 8))

    settings = SyncSettings(store="milvus", milvus_uri=str(tmp_path / "milvus.db"))
    async with opened(settings):
        pass
    with pytest.raises(ConfigurationError, match="1024 dimensions"):
        async with open_store(settings, "team", short):
            pass
