"""Experiments end to end: real Phoenix, targets that are really called, scores as of every night."""

from pathlib import Path

import pytest

from flows.experiment import experiment
from tasks.shared.gateways.phoenix import Example, Phoenix
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.experiments.answers import CAPITALS

pytestmark = pytest.mark.servers
HERE = "callable:tests.experiments.answers"
RIGHT, WRONG = f"{HERE}:right version=1", f"{HERE}:wrong_about_peru version=1"


@pytest.fixture
async def dataset(nightjar_env, project, monkeypatch):
    """Six questions with their answers in the test split, one more in the holdout."""
    monkeypatch.setenv("NIGHTJAR_EVALUATORS__ENABLED", '["matches_expected", "has_output"]')
    monkeypatch.setenv("NIGHTJAR_EXPERIMENTS__BACKOFF_SECONDS", "0.01")
    examples = [
        Example(
            f"capital-of-{country}",
            {"input": f"What is the capital of {country}?"},
            {"output": capital},
            {"split": "test", "stratum": "golden", "cluster": f"c{n // 2}", "span_name": "answer"},
            splits=("test",),
        )
        for n, (country, capital) in enumerate(CAPITALS.items())
    ]
    sealed = Example("sealed", {"input": "What is the capital of Mars?"}, {}, {"split": "holdout"}, splits=("holdout",))
    async with Phoenix(load_settings().phoenix) as phoenix:
        await phoenix.add_examples(project, [*examples, sealed])
    return project


def rows(query, project):
    return Lake.open(load_settings().lake).sql(query, project).to_pylist()


def page_of(receipt):
    return Path(receipt.notes[0]).read_text(encoding="utf-8")


async def in_phoenix(project, experiment_id):
    async with Phoenix(load_settings().phoenix) as phoenix:
        return await phoenix.experiments.runs(experiment_id), await phoenix.experiments.evaluations(experiment_id)


async def test_two_functions_are_compared_and_running_it_again_adds_nothing(dataset, project):
    receipts = await experiment("capitals", baseline=RIGHT, candidate=WRONG, dataset=dataset)
    *answered, tracked, reported = receipts
    assert [(each.rows, each.counts["answered"], each.counts["traced"]) for each in answered] == [(6, 6, 6)] * 2
    assert "/runs/" in tracked.notes[0]
    assert reported.counts["attached"] == 1
    page = page_of(reported)
    assert "The candidate is worse on 1 example and better on 0; on 5 no score changed." in page
    assert "What is the capital of Peru?" in page
    found = {row["role"]: row for row in rows("SELECT * FROM experiments", project)}
    assert found["candidate"]["variant"] == WRONG
    asked = rows("SELECT * FROM experiment_runs ORDER BY example_id, experiment", project)
    assert len(asked) == 12
    peru = [row for row in asked if "Peru" in row["example_id"]]
    assert {row["output"] for row in peru} == {"Lima", "Cusco"}
    costly = next(row for row in peru if row["output"] == "Cusco")
    assert (costly["cost_usd"], costly["prompt_tokens"], costly["model"]) == (0.001, 12, "mine/small")
    runs, scores = await in_phoenix(project, found["candidate"]["phoenix_experiment_id"])
    matches = {key[0]: s["score"] for key, s in scores.items() if key[1] == "matches_expected"}
    assert sorted(matches.values()) == [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert {run.trace_id for run in runs.values()} == {
        row["trace_id"] for row in asked if row["experiment"] == found["candidate"]["experiment"]
    }
    again = await experiment("capitals", baseline=RIGHT, candidate=WRONG, dataset=dataset)
    assert {"published_runs", "published_scores", "traced"}.isdisjoint(again[0].counts)
    assert rows("SELECT * FROM experiment_runs ORDER BY example_id, experiment", project) == asked
