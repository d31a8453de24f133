"""A round of optimisation end to end: traffic, the simulated prompt engineer, experiments, the gate, the tag."""

import json
import uuid
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.prompt_optimisation import prompt_optimisation
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.gateways.phoenix.prompt_moves import moves
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.flows.killed_runs import Point, killed_and_run
from tests.prompts.round_world import DAY, make_world, settings_of
from tests.providers import books, simulated

pytestmark = pytest.mark.servers
ROUND = "/prompt_candidates/"
ROWS = "SELECT * FROM prompt_candidates ORDER BY candidate"


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
async def world(nightjar_env, tmp_path, provider, monkeypatch):
    name = f"writer-{uuid.uuid4().hex[:8]}"
    (tmp_path / "nightjar.toml").write_text(settings_of(name, provider, candidates=1))
    monkeypatch.setenv("NIGHTJAR_PROMPTS__PROMOTE", "true")
    return await make_world(name)


async def in_production(world):
    async with Phoenix(load_settings().phoenix) as phoenix:
        return await phoenix.prompts.version(world.prompt, "production")


def rows():
    settings = load_settings()
    return Lake.open(settings.lake).sql(ROWS, settings.project).to_pylist()


def taken(file: Path) -> bytes:
    content = file.read_bytes()
    file.unlink()
    return content


# The partition is written as the round begins, before the gate looks at the test split, and as the round ends.
POINTS: dict[str, Point] = {
    "production moved, nothing recorded": ("tasks.shared.store.stage:Stage._publish_partition", 3, ROUND),
}


async def test_a_round_killed_half_way_ends_with_a_better_prompt_in_production_and_another_run_changes_nothing(
    world, provider
):
    assert killed_and_run(POINTS, ["prompt-optimisation", "--window", "2026-11-19"]) == 0
    found = rows()
    (winner,) = [row for row in found if row["outcome"] == "promoted"]
    async with Phoenix(load_settings().phoenix) as phoenix:
        noted = await moves(phoenix.prompts, world.prompt)
    assert [(each.before, each.version) for each in noted] == [(world.production, winner["version"])]
    production = await in_production(world)
    assert production.version_id == winner["version"] != world.production
    document = json.loads(winner["document"])
    assert document["test"]["difference"]["value"] >= 0.05
    assert document["dev"]["gain"] > 0
    assert (document["turn"]["number"], document["turn"]["level"]) == (1, 0.05)
    asked = books(provider)["answered"]
    (receipt,) = await prompt_optimisation(window=DAY)
    assert receipt.ids["winner"] == winner["version"]
    assert (receipt.counts["promoted"], receipt.counts["changed"]) == (1, 0)
    report = Path(receipt.notes[-1])
    told = taken(report)  # as if killed between the record and the report
    (again,) = await prompt_optimisation(window=DAY)
    assert (taken(report), again.notes, again.counts) == (told, receipt.notes, receipt.counts)
    assert (books(provider)["answered"], rows()) == (asked, found)
    assert (await in_production(world)).version_id == winner["version"]


def test_a_prompt_that_no_setting_names_is_refused(nightjar_env, capsys):
    assert main(["prompt-optimisation", "--prompts", "nobodys"]) == 1
    assert "Add [prompts.optimise.nobodys]" in " ".join(capsys.readouterr().err.split())
