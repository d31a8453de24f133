"""Experiments end to end: real Phoenix, targets that are really called, scores as of every night."""

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from flows.experiment import experiment
from tasks.shared.errors import ConfigurationError, NotConfirmed
from tasks.shared.gateways.phoenix import Example, Phoenix, PromptText
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.ledger import Ledger
from tests.experiments.answers import CAPITALS
from tests.providers import books, simulated

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


POINTS = {
    "some answers paid, none stored": ("tasks.shared.store.ledger:Ledger.settle", 5, ""),
    "answers stored, not their spans": ("tasks.shared.store.stage:Stage._publish_partition", 1, "/spans/"),
    "some scores in Phoenix": ("tasks.shared.gateways.phoenix.experiments:Experiments._post", 9, "evaluations"),
}


async def push(name, tag, task):
    messages = ({"role": "system", "content": "{{task}}"}, {"role": "user", "content": "{{question}}"})
    text = PromptText(name=name, messages=messages, sections={"task": task}, model="simulated/gpt-4o-mini")
    async with Phoenix(load_settings().phoenix) as phoenix:
        pushed = await phoenix.prompts.push(text, "openai")
        await phoenix.prompts.tag(pushed.prompt.version_id, tag)


def statuses_of_killed_runs(arguments):
    """Of the runs that die at POINTS, one after the other, and of the last, which is let live."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.killed_runs", json.dumps(list(POINTS.values())), *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stderr.write(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


async def test_two_prompts_are_compared_and_killed_anywhere_nothing_is_paid_twice_or_lost(
    dataset, project, nightjar_env, monkeypatch
):
    await push(project, "production", "Name the capital.")
    await push(project, "candidate", "Name the capital, please.")
    with simulated() as url:
        for name, value in {"KIND": "openai", "BASE_URL": f"{url}/v1", "API_KEY": "simulated"}.items():
            monkeypatch.setenv(f"NIGHTJAR_JUDGES__PROVIDERS__SIMULATED__{name}", value)
        monkeypatch.setenv("NIGHTJAR_EXPERIMENTS__IN_FLIGHT", "1")
        monkeypatch.setenv("NIGHTJAR_PROMPTS__CACHE", str(nightjar_env / "prompts"))
        targets = ["--baseline", f"prompt:{project}", "--candidate", f"prompt:{project}@candidate"]
        arguments = ["experiment", "--gate", "prompts", *targets, "--dataset", dataset]
        *killed, last = statuses_of_killed_runs(arguments)
        billed = books(url)
    assert dict(zip(POINTS, killed, strict=True)) == dict.fromkeys(POINTS, signal.SIGKILL)
    assert last == 0
    asked = rows("SELECT * FROM experiment_runs", project)
    assert [row["status"] for row in asked] == ["answered"] * 12
    assert {row["model"] for row in asked} == {"simulated/gpt-4o-mini"}
    ledger = Ledger(nightjar_env / ".ledger" / "judges.sqlite")
    spent = ledger.spending(judge="experiment")
    ledger.close()
    assert (billed["answered"], spent.unsettled_calls) == (13, 1), "but for the one call in flight at the first kill"
    assert spent.settled_usd == Decimal(str(sum(Decimal(str(row["cost_usd"])) for row in asked)))
    for found in rows("SELECT * FROM experiments", project):
        own = {row["trace_id"] for row in asked if row["experiment"] == found["experiment"]}
        runs, scores = await in_phoenix(project, found["phoenix_experiment_id"])
        assert {run.trace_id for run in runs.values()} == own
        assert len(scores) == 12
        spans = rows("SELECT trace_id, kind, prompt_version FROM spans", found["traced_in"])
        assert {span["trace_id"] for span in spans} == own
        assert {(span["kind"], span["prompt_version"] is None) for span in spans} == {("LLM", False)}


async def test_a_target_that_is_away_is_doubt_and_no_wrong_answer(dataset, project, tmp_path):
    away = f"{HERE}:away_for_peru notes={tmp_path / 'back'} version=1"
    first = await experiment("away", baseline=RIGHT, candidate=away, dataset=dataset)
    assert (first[1].counts["answered"], first[1].counts["errored"]) == (5, 1)
    assert any("1 of 6 answers errored, first: no answer after 3 tries" in note for note in first[1].notes)
    (candidate,) = rows("SELECT * FROM experiments WHERE role = 'candidate'", project)
    _, scores = await in_phoenix(project, candidate["phoenix_experiment_id"])
    assert {s["score"] for key, s in scores.items() if key[1] == "matches_expected"} == {1.0}
    (tmp_path / "back").touch()
    again = await experiment("away", baseline=RIGHT, candidate=away, dataset=dataset)
    assert (again[1].counts["answered"], again[1].counts["published_runs"]) == (6, 1)


async def test_nothing_is_asked_before_the_cost_is_known_and_confirmed(dataset, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_BUDGET__CONFIRM_OVER_USD", "0")
    await push(project, "production", "Name the capital.")
    sides = {"baseline": RIGHT, "candidate": f"prompt:{project}", "dataset": dataset}
    (estimate,) = await experiment("capitals", **sides, estimate=True)
    assert (estimate.table, estimate.counts["calls"], estimate.counts["candidate.calls"]) == ("estimate", 12, 6)
    assert 0 < estimate.counts["expected_microdollars"] < estimate.counts["candidate.most_microdollars"]
    with pytest.raises(NotConfirmed, match=r"experiment capitals is estimated at 0\.00 USD, above .* Say --yes"):
        await experiment("capitals", **sides)
    with pytest.raises(ConfigurationError, match="has no examples in train; it has 1 in holdout, 6 in test"):
        await experiment("capitals", baseline=RIGHT, candidate=WRONG, dataset=dataset, splits=["train"])
    with pytest.raises(ConfigurationError, match="there is no gate 'capitals'"):
        await experiment("capitals", baseline=RIGHT)
    assert rows("SELECT * FROM experiments", project) == []
