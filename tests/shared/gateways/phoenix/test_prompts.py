"""The prompt hub: versions, tags and moves at the real server, and the copy that outlives it."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.gateways.phoenix import Phoenix, PromptHub, PromptText, get_prompt
from tasks.shared.gateways.phoenix.prompt_cache import copy_path
from tasks.shared.gateways.phoenix.prompt_moves import move, moves, roll_back
from tasks.shared.settings import PhoenixSettings

MESSAGES = (
    {"role": "system", "content": "{{task}}\n{{schema}}"},
    {"role": "user", "content": "Question: {{ question }}"},
)


def untag(hub: PromptHub, version_id: str, tag: str) -> None:
    """As somebody does in Phoenix."""
    httpx.delete(f"{hub.url}/v1/prompt_versions/{version_id}/tags/{tag}").raise_for_status()


def prompt(name: str, **changes: object) -> PromptText:
    values = {
        "messages": MESSAGES,
        "sections": {"task": "Write SQL.", "schema": "t(a, b)"},
        "model": "simulated/gpt-4o-mini",
        "parameters": {"temperature": 0, "seed_of_ours": 7},
    }
    return PromptText(name=name, **(values | changes))


@pytest.fixture
async def hub(settings: Callable[..., PhoenixSettings]) -> AsyncIterator[PromptHub]:
    async with Phoenix(settings()) as phoenix:
        yield phoenix.prompts


@pytest.fixture
def name() -> str:
    return f"writer-{uuid.uuid4().hex[:8]}"


@pytest.mark.servers
async def test_a_version_comes_back_as_it_was_pushed_and_an_unchanged_one_is_no_new_version(hub, name):
    first = await hub.push(prompt(name), "openai")
    again = await hub.push(prompt(name, description="other words for people"), "openai")
    other = await hub.push(prompt(name, sections={"task": "Write good SQL.", "schema": "t(a, b)"}), "openai")
    back_to_first = await hub.push(prompt(name), "openai")
    assert (first.created, again.created, other.created, back_to_first.created) == (True, False, True, False)
    assert again.prompt.version_id == back_to_first.prompt.version_id == first.prompt.version_id
    newest, oldest = await hub.versions(name)
    assert (newest.version_id, oldest.version_id) == (other.prompt.version_id, first.prompt.version_id)
    pushed = prompt(name)
    for field in ("name", "messages", "sections", "model", "parameters", "digest"):
        assert getattr(oldest, field) == getattr(pushed, field)
    assert name in await hub.names()


@pytest.mark.servers
async def test_a_version_is_got_by_tag_by_id_and_as_the_latest_and_not_under_another_name(hub, name):
    first = (await hub.push(prompt(name), "openai")).prompt
    second = (await hub.push(prompt(name, model=""), "openai")).prompt
    await hub.tag(first.version_id, "production")
    assert (await hub.version(name, "production")).version_id == first.version_id
    assert (await hub.version(name, "latest")).version_id == second.version_id
    assert (await hub.version(name, second.version_id)).model == ""
    assert (await hub.with_tags(first)).tags == ("production",)
    assert await hub.tagged(name, "staging") is None
    with pytest.raises(ConfigurationError, match="no version 'staging' of prompt"):
        await hub.version(name, "staging")
    with pytest.raises(ConfigurationError, match="not of 'other'"):
        await hub.version("other", first.version_id)
    with pytest.raises(ConfigurationError, match="no version"):
        await hub.version(name, "UHJvbXB0VmVyc2lvbjo5OTk5OTk5OTk=")
    untag(hub, first.version_id, "production")
    assert await hub.tagged(name, "production") is None


@pytest.mark.servers
async def test_a_rollback_goes_one_move_back_once_however_often_it_is_asked(hub, name):
    one, two = [(await hub.push(prompt(name, parameters={"seed": seed}))).prompt.version_id for seed in (1, 2)]
    with pytest.raises(ConfigurationError, match="no earlier version"):
        await roll_back(hub, name)
    await move(hub, name, "production", one)
    with pytest.raises(ConfigurationError, match="no earlier version"):
        await roll_back(hub, name)
    moved = await move(hub, name, "production", two, "it is better")
    assert (moved.before, moved.version, moved.changed) == (one, two, True)
    assert not (await move(hub, name, "production", two)).changed
    back = await roll_back(hub, name)
    assert (back.before, back.version, back.changed) == (two, one, True)
    again = await roll_back(hub, name)
    assert not again.changed
    assert "already" in again.told
    assert (await hub.version(name, "production")).version_id == one
    assert [(each.before, each.version, each.rollback) for each in await moves(hub, name)] == [
        (None, one, False),
        (one, two, False),
        (two, one, True),
    ]


@pytest.mark.servers
async def test_a_rollback_that_was_killed_between_note_and_move_is_finished_by_the_next(hub, name, monkeypatch):
    one, two = [(await hub.push(prompt(name, parameters={"seed": seed}))).prompt.version_id for seed in (1, 2)]
    await move(hub, name, "production", one)
    await move(hub, name, "production", two)

    async def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(hub, "tag", killed)
        with pytest.raises(KeyboardInterrupt):
            await roll_back(hub, name)
    assert (await hub.version(name, "production")).version_id == two
    assert (await roll_back(hub, name)).version == one
    assert not (await roll_back(hub, name)).changed
    assert len(await moves(hub, name)) == 3


@pytest.mark.servers
async def test_what_somebody_moved_by_hand_is_rolled_back_too(hub, name):
    one, two, three = [(await hub.push(prompt(name, parameters={"seed": n}))).prompt.version_id for n in (1, 2, 3)]
    await move(hub, name, "production", one)
    await move(hub, name, "production", two)
    await hub.tag(three, "production")
    assert (await roll_back(hub, name)).version == two


@pytest.mark.servers
async def test_the_copy_on_disk_answers_while_phoenix_is_away_and_says_how_old_it_is(
    hub, name, settings, tmp_path: Path, caplog
):
    version = (await hub.push(prompt(name), "openai")).prompt
    await hub.tag(version.version_id, "production")
    fresh = await get_prompt(hub, name, "production", tmp_path)
    assert not fresh.stale
    async with Phoenix(settings(attempts=1)) as away:
        away.prompts._connection._client.base_url = "http://127.0.0.1:9"
        copy = await get_prompt(away.prompts, name, "production", tmp_path)
        assert copy == replace(fresh, stale=True)
        assert f"{name}@production is a copy, 0:00:0" in caplog.text
        assert copy.age(fresh.fetched_at + dt.timedelta(hours=3)) == dt.timedelta(hours=3)
        with pytest.raises(ServiceUnavailable, match="staging cannot be had: there is no copy"):
            await get_prompt(away.prompts, name, "staging", tmp_path)


@pytest.mark.servers
async def test_a_copy_does_not_count_against_phoenix_saying_that_there_is_no_such_tag(hub, name, tmp_path: Path):
    version = (await hub.push(prompt(name), "openai")).prompt
    await hub.tag(version.version_id, "production")
    await get_prompt(hub, name, "production", tmp_path)
    untag(hub, version.version_id, "production")
    with pytest.raises(ConfigurationError, match="no version 'production'"):
        await get_prompt(hub, name, "production", tmp_path)


@pytest.mark.servers
async def test_a_copy_that_cannot_be_read_is_told_and_not_taken_for_none(hub, name, tmp_path: Path):
    version = (await hub.push(prompt(name), "openai")).prompt
    await get_prompt(hub, name, version.version_id, tmp_path)
    copy_path(tmp_path, hub.url, name, version.version_id).write_text("{}")
    with pytest.raises(ConfigurationError, match="Delete it"):
        await get_prompt(hub, name, version.version_id, tmp_path)
