"""A round of optimisation end to end: traffic, the simulated prompt engineer, experiments, the gate, the tag."""

import json
import uuid
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.prompt_optimisation import prompt_optimisation
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.prompts.round_world import DAY, make_world, settings_of
from tests.providers import books, simulated

pytestmark = pytest.mark.servers
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


async def test_a_round_ends_with_a_better_prompt_in_production_and_another_run_changes_nothing(world, provider):
    (receipt,) = await prompt_optimisation(window=DAY)
    assert receipt.counts.get("promoted") == 1, receipt
    found = rows()
    winner = next(row for row in found if row["outcome"] == "promoted")
    assert receipt.ids["winner"] == winner["version"]
    production = await in_production(world)
    assert production.version_id == winner["version"] != world.production
    document = json.loads(winner["document"])
    assert document["test"]["difference"]["value"] >= 0.05
    assert document["dev"]["gain"] > 0
    asked, report = books(provider)["answered"], Path(receipt.notes[-1])
    told = taken(report)  # as if killed between the record and the report
    (again,) = await prompt_optimisation(window=DAY)
    assert (taken(report), again.notes) == (told, receipt.notes)
    assert again.counts == {**receipt.counts, "changed": 0}
    assert (books(provider)["answered"], rows()) == (asked, found)
    assert (await in_production(world)).version_id == winner["version"]


def test_a_prompt_that_no_setting_names_is_refused(nightjar_env, capsys):
    assert main(["prompt-optimisation", "--prompts", "nobodys"]) == 1
    assert "Add [prompts.optimise.nobodys]" in " ".join(capsys.readouterr().err.split())
