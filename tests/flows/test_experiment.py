"""Experiments end to end: real Phoenix, targets that are really called, scores as of every night."""

from collections import Counter
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
from tests.flows.killed_runs import killed_and_run
from tests.providers import MODEL, books, simulated

pytestmark = pytest.mark.servers
HERE = "callable:tests.experiments.answers"
RIGHT, WRONG = f"{HERE}:right version=1", f"{HERE}:wrong_about_peru version=1"


@pytest.fixture
async def dataset(nightjar_env, project, monkeypatch):
    """Six questions with their answers in the test split, one more in the holdout, which somebody put into test too."""
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
    sealed = Example("sealed", {"input": "What is the capital of Mars?"}, {}, {"split": "holdout"}, splits=("test",))
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


async def test_two_functions_are_compared_and_running_it_again_adds_only_what_did_not_come(dataset, project, tmp_path):
    away = f"{HERE}:away_for_italy notes={tmp_path / 'back'} version=1"
    first = await experiment("capitals", baseline=RIGHT, candidate=away, dataset=dataset)
    assert [(each.counts["answered"], each.counts["traced"]) for each in first[:2]] == [(6, 6), (5, 6)]
    assert any("1 of 6 answers errored, first: no answer after 3 tries" in note for note in first[1].notes)
    found = {row["role"]: row for row in rows("SELECT * FROM experiments", project)}
    assert found["candidate"]["variant"] == away
    _, scores = await in_phoenix(project, found["candidate"]["phoenix_experiment_id"])
    assert sorted(matches(scores)) == [0.0, 1.0, 1.0, 1.0, 1.0], "what did not come is no wrong answer"
    before = rows("SELECT * FROM experiment_runs WHERE status = 'answered' ORDER BY trace_id", project)
    (tmp_path / "back").touch()
    *again, tracked, reported = await experiment("capitals", baseline=RIGHT, candidate=away, dataset=dataset)
    assert [(each.rows, each.counts["answered"]) for each in again] == [(6, 6)] * 2
    assert {"published_runs", "published_scores", "traced"}.isdisjoint(again[0].counts)
    assert [again[1].counts[what] for what in ("published_runs", "published_scores", "traced")] == [1, 2, 1]
    asked = rows("SELECT * FROM experiment_runs ORDER BY trace_id", project)
    assert [row for row in asked if "Italy" not in row["example_id"] or row in before] == before
    costly = next(row for row in asked if row["output"] == "Cusco")
    assert (costly["cost_usd"], costly["prompt_tokens"], costly["model"]) == (0.001, 12, "mine/small")
    runs, scores = await in_phoenix(project, found["candidate"]["phoenix_experiment_id"])
    assert sorted(matches(scores)) == [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert {run.trace_id for run in runs.values()} == {
        row["trace_id"] for row in asked if row["experiment"] == found["candidate"]["experiment"]
    }
    assert "/runs/" in tracked.notes[0]
    assert reported.counts["attached"] == 1
    page = page_of(reported)
    assert "The candidate is worse on 1 example and better on 0; on 5 no score changed." in page
    assert "What is the capital of Peru?" in page


def matches(scores):
    return [score["score"] for (_, name), score in scores.items() if name == "matches_expected"]


JUDGE = """
name: every_answer
version: "1"
description: A tenth of production is judged, and all of an experiment.
unit: span
inputs: {input: input, output: output}
metric: conciseness
sampling: {rate: 0.1}
canaries: [{inputs: {input: 'What is the capital of France?', output: Paris.}, expect: concise}]
"""
POINTS = {
    "some answers paid, none stored": ("tasks.shared.store.ledger:Ledger.settle", 5, ""),
    "answers stored, not their spans": ("tasks.shared.store.stage:Stage._publish_partition", 1, "/spans/"),
}


async def push(name, tag, task):
    messages = ({"role": "system", "content": "{{task}}"}, {"role": "user", "content": "{{question}}"})
    text = PromptText(name=name, messages=messages, sections={"task": task}, model=MODEL)
    async with Phoenix(load_settings().phoenix) as phoenix:
        pushed = await phoenix.prompts.push(text, "openai")
        await phoenix.prompts.tag(pushed.prompt.version_id, tag)


async def test_two_prompts_are_compared_and_killed_anywhere_nothing_is_paid_twice_or_lost(
    dataset, project, nightjar_env, monkeypatch
):
    await push(project, "production", "Name the capital.")
    await push(project, "candidate", "Name the capital, please.")
    with simulated() as url:
        for name, value in {"KIND": "openai", "BASE_URL": f"{url}/v1", "API_KEY": "simulated"}.items():
            monkeypatch.setenv(f"NIGHTJAR_JUDGES__PROVIDERS__SIMULATED__{name}", value)
        folder = nightjar_env.parent / "judges"
        folder.mkdir()
        (folder / "every_answer.yaml").write_text(JUDGE)
        for name, value in {"FOLDER": str(folder), "ENABLED": '["every_answer"]', "MODEL": MODEL}.items():
            monkeypatch.setenv(f"NIGHTJAR_JUDGES__{name}", value)
        monkeypatch.setenv("NIGHTJAR_EXPERIMENTS__IN_FLIGHT", "1")
        monkeypatch.setenv("NIGHTJAR_PROMPTS__CACHE", str(nightjar_env / "prompts"))
        targets = ["--baseline", f"prompt:{project}", "--candidate", f"prompt:{project}@candidate"]
        arguments = ["experiment", "--gate", "prompts", *targets, "--dataset", dataset]
        assert killed_and_run(POINTS, arguments) == 0
        billed = books(url)
    asked = rows("SELECT * FROM experiment_runs", project)
    assert [row["status"] for row in asked] == ["answered"] * 12
    assert {row["model"] for row in asked} == {MODEL}
    ledger = Ledger(nightjar_env / ".ledger" / "judges.sqlite")
    spent, judged = ledger.spending(judge="experiment"), ledger.spending(judge="every_answer@1").calls
    ledger.close()
    assert spent.unsettled_calls == 1, "the one call in flight at the first kill"
    assert billed["answered"] == 13 + judged
    assert spent.settled_usd == Decimal(str(sum(Decimal(str(row["cost_usd"])) for row in asked)))
    for found in rows("SELECT * FROM experiments", project):
        own = {row["trace_id"] for row in asked if row["experiment"] == found["experiment"]}
        runs, scores = await in_phoenix(project, found["phoenix_experiment_id"])
        assert {run.trace_id for run in runs.values()} == own
        assert Counter(name for _, name in scores) == dict.fromkeys(
            ("every_answer", "has_output", "matches_expected"), 6
        )
        spans = rows("SELECT trace_id, kind, prompt_version FROM spans", found["traced_in"])
        assert {span["trace_id"] for span in spans} == own
        assert {(span["kind"], span["prompt_version"] is None) for span in spans} == {("LLM", False)}


async def test_nothing_is_asked_before_the_cost_is_known_and_confirmed(dataset, project, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_BUDGET__CONFIRM_OVER_USD", "0")
    await push(project, "production", "Name the capital.")
    sides = {"baseline": RIGHT, "candidate": f"prompt:{project}", "dataset": dataset}
    (estimate,) = await experiment("capitals", **sides, estimate=True)
    assert (estimate.table, estimate.counts["calls"], estimate.counts["candidate.calls"]) == ("estimate", 12, 6)
    assert 0 < estimate.counts["expected_microdollars"] < estimate.counts["candidate.most_microdollars"]
    with pytest.raises(NotConfirmed, match=r"experiment capitals is estimated at 0\.00 USD, above .* Say --yes"):
        await experiment("capitals", **sides)
    with pytest.raises(ConfigurationError, match="has no examples in train; it has 1 in holdout, 7 in test"):
        await experiment("capitals", baseline=RIGHT, candidate=WRONG, dataset=dataset, splits=["train"])
    with pytest.raises(ConfigurationError, match="has no version 'of-tomorrow' that the lake knows"):
        await experiment("capitals", **sides, dataset_version="of-tomorrow")
    with pytest.raises(ConfigurationError, match="Phoenix has no dataset 'nowhere'"):
        await experiment("capitals", **{**sides, "dataset": "nowhere"})
    with pytest.raises(ConfigurationError, match="there is no gate 'capitals'"):
        await experiment("capitals", baseline=RIGHT)
    monkeypatch.setenv("NIGHTJAR_EXPERIMENTS__KINDS", '["prompt"]')
    with pytest.raises(ConfigurationError, match=r"is a callable, and experiments\.kinds has prompt only"):
        await experiment("capitals", **sides)
    assert rows("SELECT * FROM experiments", project) == []
