"""A compression end to end: cheaper versions of the prompt in production, the gate, the tag."""

import uuid

import orjson
import pytest

from flows.__main__ import main
from flows.compression import compression
from tasks.prompts.candidates import keep
from tasks.prompts.compression_round import CompressionBeginning, best_of
from tasks.prompts.compression_round import tagged as mark_winner
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.gateways.phoenix.prompt_moves import moves
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.flows.killed_runs import Point, killed_and_run
from tests.prompts.round_world import DAY, make_world, settings_of, verdict
from tests.providers import books, simulated

pytestmark = pytest.mark.servers
GATE = """
[gates.cheaper]
dataset = "{name}-golden"
splits = ["test"]
most_cost_ratio = 0.73
looks = 1
[gates.cheaper.metrics.sql_matches_expected]
margin = 0.35
floor = "none"
[prompts.compress.{name}]
gate = "cheaper"
"""


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
async def world(nightjar_env, tmp_path, provider):
    name = f"writer-{uuid.uuid4().hex[:8]}"
    (tmp_path / "nightjar.toml").write_text(settings_of(name, provider) + GATE.format(name=name))
    return await make_world(name)


async def tagged(world, tag):
    async with Phoenix(load_settings().phoenix) as phoenix:
        found = await phoenix.prompts.tagged(world.prompt, tag)
        return found.version_id if found else None


def rows():
    settings = load_settings()
    found = Lake.open(settings.lake).sql("SELECT * FROM prompt_candidates", settings.project).to_pylist()
    return {row["candidate"]: row for row in found}


# The partition is written as the round begins, and as it ends.
POINTS: dict[str, Point] = {
    "the tag moved, nothing recorded": ("tasks.shared.store.stage:Stage._publish_partition", 2, "/prompt_candidates/"),
}


async def test_a_cheaper_prompt_that_is_no_worse_is_tagged_though_killed_and_another_run_changes_nothing(
    world, provider
):
    assert killed_and_run(POINTS, ["compression", "--window", "2026-11-19"]) == 0
    found = rows()
    winner = found["all-together"]
    assert (winner["outcome"], winner["purpose"]) == ("candidate", "compression")
    async with Phoenix(load_settings().phoenix) as phoenix:
        noted = [each for each in await moves(phoenix.prompts, world.prompt) if each.tag == "candidate"]
    assert [each.version for each in noted] == [winner["version"]]
    assert orjson.loads(winner["document"])["ratios"]["cost"]["value"] < 0.73
    for row in found.values():
        assert row["version"], "every candidate is put before the gate, however long it is"
        assert orjson.loads(row["document"])["verdict"] in ("pass", "fail", "inconclusive")
    assert "cost" in found["shorter-task"]["reason"], (
        "as long as that it saves too little, and the gate has measured it"
    )
    assert (await tagged(world, "candidate"), await tagged(world, "production")) == (
        winner["version"],
        world.production,
    )
    asked = books(provider)["answered"]
    (again,) = await compression(window=DAY)
    assert (again.ids["winner"], again.counts["candidate"], again.counts["changed"]) == (winner["version"], 1, 0)
    assert (books(provider)["answered"], rows()) == (asked, found)


def test_a_prompt_that_no_setting_names_is_refused(nightjar_env, capsys):
    assert main(["compression", "--prompts", "nobodys"]) == 1
    assert "Add [prompts.compress.nobodys]" in " ".join(capsys.readouterr().err.split())


async def test_whoever_is_killed_goes_on_and_ends_the_same(world, project):
    settings = load_settings()
    beginning = CompressionBeginning(settings, settings.project, world.prompt, DAY)
    begun, again = await beginning.round(), await beginning.round()
    assert [each.version for each in again.candidates] == [each.version for each in begun.candidates]
    keep(Lake.open(settings.lake), project, begun.candidates, settings.checks, lambda **_: None)
    ended = []
    for _ in range(2):  # the second time as if the first had been killed between the tag and the record
        found = await beginning.round()
        assert found.candidates == tuple(sorted(begun.candidates, key=lambda each: each.candidate))
        told, best = best_of(found, {each.candidate: verdict("v1") for each in found.waiting})
        async with Phoenix(settings.phoenix) as phoenix:
            ended.append(told.with_candidates([await mark_winner(phoenix.prompts, told, best)]))
            noted = [each for each in await moves(phoenix.prompts, world.prompt) if each.tag == "candidate"]
    assert ended[0] == ended[1]
    assert [each.version for each in noted] == [await tagged(world, "candidate")]
