"""A round of optimisation on the real Phoenix, with the simulated prompt engineer."""

import uuid

import pytest

from tasks.prompts.beginning import Beginning
from tasks.prompts.candidates import keep, known_candidates
from tasks.prompts.dev_scores import DevScore
from tasks.prompts.ending import chosen, decided
from tasks.prompts.round_report import receipt_of, round_page
from tasks.prompts.turns import in_turn
from tasks.shared.errors import ConfigurationError, Inconclusive
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.gateways.phoenix.prompt_moves import move, moves, roll_back
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import html
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.prompts.round_world import DAY, make_world, settings_of, verdict
from tests.providers import books, simulated

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
async def world(nightjar_env, tmp_path, provider, monkeypatch):
    name = f"writer-{uuid.uuid4().hex[:8]}"
    (tmp_path / "nightjar.toml").write_text(settings_of(name, provider))
    return await make_world(name)


def beginning(world):
    settings = load_settings()
    return Beginning(settings, settings.project, world.prompt, DAY, "run")


def record(candidates):
    settings = load_settings()
    return keep(Lake.open(settings.lake), settings.project, candidates, settings.checks, lambda **_: None)


async def hub_of(phoenix, world):
    versions = [await phoenix.prompts.with_tags(each) for each in await phoenix.prompts.versions(world.prompt)]
    return {each.version_id: each for each in versions}


async def test_a_round_is_begun_once_whatever_is_killed_and_learns_from_train_only(world, provider):
    before = books(provider)["answered"]
    begun = await beginning(world).round()
    assert [each.outcome for each in begun.candidates] == ["proposed"] * 4
    assert {span for each in begun.candidates for span in each.document["shown"]} == {"train-0", "train-1", "train-2"}
    # Killed before anything was recorded: the answer was paid for, and the versions are there.
    again = await beginning(world).round()
    assert [each.version for each in again.candidates] == [each.version for each in begun.candidates]
    record(again.candidates)
    third = await beginning(world).round()
    assert (third.id, third.candidates) == (again.id, again.candidates)
    assert books(provider)["answered"] == before + 1
    async with Phoenix(load_settings().phoenix) as phoenix:
        versions = await hub_of(phoenix, world)
        first = versions[str(begun.candidates[0].version)]
    assert len(versions) == 5
    assert [each.tags for each in versions.values()].count(()) == 4
    assert first.variables == versions[world.production].variables
    assert first.sections["schema"] == versions[world.production].sections["schema"]
    assert first.sections["task"] != versions[world.production].sections["task"]
    assert first.description.startswith(f"Optimisation {begun.id}, candidate-1: ")


def scores(begun, *gains):
    return [
        DevScore(each.candidate, "e", 20, 20, 0.6, 0.6 + gain, gain, 0.001)
        for each, gain in zip(begun.waiting, gains, strict=True)
    ]


def first_turn(best):
    return in_turn(best, (), "golden", 18, 0.05)


async def end(world, gains=(0.2, 0.0, 0.1, -0.3), **metric):
    """Begin a round, choose by *gains* on dev, decide by a verdict with *metric*; gives it as it is recorded."""
    begun = await beginning(world).round()
    record(begun.candidates)
    ended, best = chosen(begun, scores(begun, *gains), 0.95)
    if best:
        settings, best = load_settings(), first_turn(best)
        async with Phoenix(settings.phoenix) as phoenix:
            ended = ended.with_candidates(
                [await decided(phoenix.prompts, ended, best, verdict("v1", **metric), settings)]
            )
    return ended, record(ended.candidates)


async def tags(world):
    async with Phoenix(load_settings().phoenix) as phoenix:
        found = {tag: await phoenix.prompts.tagged(world.prompt, tag) for tag in ("production", "candidate")}
    return {tag: each and each.version_id for tag, each in found.items()}


async def test_a_winner_is_tagged_candidate_and_the_others_are_archived_with_their_reasons(world):
    ended, stage = await end(world)
    winner = ended.candidates[0]
    assert [each.outcome for each in ended.candidates] == ["candidate", "archived", "archived", "archived"]
    assert winner.reason == "on test sql_matches_expected is 0.200 better (p 0.001, n 20)"
    assert [each.reason for each in ended.candidates[1:]] == [
        "on dev it is no better than production (n 20)",
        "on dev it is 0.100 better than production (n 20), and candidate-1 is better still",
        "on dev it is 0.300 worse than production (n 20)",
    ]
    assert await tags(world) == {"production": world.production, "candidate": winner.version}
    assert stage.changed == 1
    receipt = receipt_of(ended, "p", stage.changed, "report.html")
    assert receipt.ids == {"round": ended.id, "winner": winner.version}
    assert receipt.counts == {"candidate": 1, "archived": 3, "changed": 1}
    again = await beginning(world).round()
    assert (again.id, again.waiting, again.candidates) == (ended.id, (), ended.candidates)
    assert record(again.candidates).changed == 0


async def test_a_promoted_winner_is_production_and_its_round_stays_ended_until_somebody_rolls_back(world, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_PROMPTS__PROMOTE", "true")
    ended, _ = await end(world)
    assert ended.candidates[0].outcome == "promoted"
    assert (await tags(world))["production"] == ended.candidates[0].version
    assert (await beginning(world).round()).waiting == ()
    async with Phoenix(load_settings().phoenix) as phoenix:
        assert (await roll_back(phoenix.prompts, world.prompt)).version == world.production
    assert (await beginning(world).round()).waiting == ()


async def test_a_round_that_was_killed_between_tag_and_record_ends_the_same_and_moves_nothing_again(world, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_PROMPTS__PROMOTE", "true")
    begun = await beginning(world).round()
    record(begun.candidates)
    ended = []
    for _ in range(2):
        found, best = chosen(await beginning(world).round(), scores(begun, 0.2, 0.0, 0.1, -0.3), 0.95)
        async with Phoenix(load_settings().phoenix) as phoenix:
            ended.append(await decided(phoenix.prompts, found, first_turn(best), verdict("v1"), load_settings()))
            noted = await moves(phoenix.prompts, world.prompt)
    assert ended[0] == ended[1]
    assert [(each.before, each.version) for each in noted] == [(world.production, ended[0].version)]


async def test_production_that_somebody_moved_meanwhile_is_left_alone(world, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_PROMPTS__PROMOTE", "true")
    begun = await beginning(world).round()
    record(begun.candidates)
    other = str(begun.candidates[3].version)
    async with Phoenix(load_settings().phoenix) as phoenix:
        await move(phoenix.prompts, world.prompt, "production", other)
        ended, best = chosen(begun, scores(begun, 0.2, 0, 0, 0), 0.95)
        winner = await decided(phoenix.prompts, ended, first_turn(best), verdict("v1"), load_settings())
    assert winner.outcome == "candidate"
    assert f"production went from {world.production} to {other} meanwhile and was left there" in winner.reason
    assert await tags(world) == {"production": other, "candidate": winner.version}


async def test_a_candidate_that_does_not_win_is_archived_and_never_tried_again(world, provider):
    ended, _ = await end(world, difference={"value": 0.03, "low": 0.01, "high": 0.05})
    assert ended.candidates[0].reason.endswith("; more than 0.05 is asked for")
    assert (await tags(world))["candidate"] is None
    known = known_candidates(Lake.open(load_settings().lake), load_settings().project, world.prompt, "optimisation")
    assert [each.outcome for each in known] == ["archived"] * 4
    later = Beginning(load_settings(), load_settings().project, world.prompt, DAY.around(1), "run")
    refused = await later.round()
    assert refused.id != ended.id
    assert {each.outcome for each in refused.candidates} == {"archived"}
    assert all("not tried: it was candidate-" in each.reason for each in refused.candidates)


async def test_the_report_tells_of_every_candidate_and_what_it_changes(world):
    ended, _ = await end(world)
    async with Phoenix(load_settings().phoenix) as phoenix:
        base = await phoenix.prompts.version(world.prompt, world.production)
    page = round_page(ended, "p", base)
    text = markdown(page)
    assert "is 0.200 better (p 0.001, n 20)" in text
    assert "Use only tables and columns that the schema has" in text
    assert "on dev it is 0.300 worse than production" in html(page)
    nobody, _ = chosen(await beginning(world).round(), [], 0.95)
    assert "is tagged candidate" in markdown(round_page(nobody, "p", base))


async def test_nothing_is_asked_without_failures_without_splits_or_past_a_budget(world, provider, monkeypatch):
    before = books(provider)["answered"]
    quiet = Beginning(load_settings(), "another-project", world.prompt, DAY, "run")
    assert (await quiet.round()).notes == (
        f"{world.prompt}: no call of split train failed in the window, and nothing was asked",
    )
    monkeypatch.setenv("NIGHTJAR_BUDGET__PER_RUN_USD", "0.0000001")
    with pytest.raises(Inconclusive, match="no better prompt was asked for"):
        await beginning(world).round()
    monkeypatch.setenv("NIGHTJAR_GATES__BETTER__DATASET", "nobody-has-it")
    with pytest.raises(ConfigurationError, match="no examples in dev and test"):
        await beginning(world).round()
    with pytest.raises(ConfigurationError, match=r"Add \[prompts.optimise.unknown\]"):
        Beginning(load_settings(), "p", "unknown", DAY, "run").options  # noqa: B018
    assert books(provider)["answered"] == before
