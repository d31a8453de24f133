"""The gate end to end, as CI meets it: exit codes, files, and one verdict for the same numbers."""

import json
from xml.etree import ElementTree

import pytest

from flows.__main__ import main
from tasks.experiments import steps
from tasks.experiments.trial import planned_trial
from tasks.shared.gateways.phoenix import Example, Phoenix
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import EXPERIMENT_RUNS, VERDICTS
from tests.experiments.answers import CAPITALS
from tests.flows.killed_runs import Point, killed_and_run

pytestmark = pytest.mark.servers
ANSWERS = "callable:tests.experiments.answers"
EXAMPLES = 24
GATE = {
    "baseline": f"{ANSWERS}:right version=1",
    "metrics": {"matches_expected": {"margin": 0.2}},
    "confidence": 0.9,
    "looks": 2,
}


@pytest.fixture
async def dataset(nightjar_env, project, monkeypatch):
    """Two dozen questions, four of each kind."""
    monkeypatch.setenv("NIGHTJAR_EVALUATORS__ENABLED", '["matches_expected"]')
    talks = {**GATE, "dataset": project, "metrics": {"matches_expected": {}, "user_frustration": {}}}
    gates = {"capitals": {**GATE, "dataset": project}, "talks": talks, "idle": {}}
    monkeypatch.setenv("NIGHTJAR_GATES", json.dumps(gates))
    monkeypatch.setenv("COLUMNS", "300")
    countries = list(CAPITALS)
    examples = [
        Example(
            f"question-{n:02}",
            {"input": f"What is, for the {n}th time, the capital of {countries[n % 6]}?"},
            {"output": CAPITALS[countries[n % 6]]},
            {"split": "test", "stratum": "golden", "cluster": f"c{n}", "span_name": "answer"},
            splits=("test",),
        )
        for n in range(EXAMPLES)
    ]
    async with Phoenix(load_settings().phoenix) as phoenix:
        await phoenix.add_examples(project, examples)
    return project


def decided(capsys, folder, candidate, *more):
    """The exit code, what was said, and the verdict in *folder*."""
    code = main(["gate", "--name", "capitals", "--candidate", f"{ANSWERS}:{candidate}", "--output", str(folder), *more])
    said = capsys.readouterr()
    return code, said.out + said.err, json.loads((folder / "verdict.json").read_bytes())


def rows(table, project):
    return Lake.open(load_settings().lake).read(table, project).to_pylist()


def test_a_candidate_that_is_as_good_passes_and_too_few_examples_do_not_decide(
    dataset, project, capsys, tmp_path, monkeypatch
):
    planned = []

    async def counted(*what):
        planned.append(what)
        return await planned_trial(*what)

    monkeypatch.setattr(steps, "planned_trial", counted)
    code, said, verdict = decided(capsys, tmp_path, "right version=2")
    assert (code, verdict["verdict"]) == (0, "pass")
    assert f"gate capitals: pass. {verdict['reason']}" in said
    assert (verdict["metrics"][0]["n"], verdict["examples"]["asked"]) == (EXAMPLES, EXAMPLES)
    assert len(planned) == 1, "a tag or dataset that moves after the plan changes nothing"
    few, _, undecided = decided(capsys, tmp_path / "few", "right version=2", "--limit", "3")
    assert (few, undecided["verdict"]) == (2, "inconclusive")
    assert undecided["demands"][0]["examples_needed"] > 3
    assert {row["verdict"] for row in rows(VERDICTS, project)} == {"pass", "inconclusive"}


def test_a_candidate_that_is_worse_fails_early_and_again_with_the_same_verdict(dataset, project, capsys, tmp_path):
    code, said, verdict = decided(capsys, tmp_path, "clueless version=1")
    assert (code, verdict["verdict"]) == (1, "fail")
    assert f"Verdict {verdict['verdict_id']}." in said
    assert (tmp_path / "comment.md").read_text().startswith("<!-- nightjar-gate: capitals -->\n")
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suite.get("name"), suite.get("failures")) == ("gate capitals", "2")
    assert verdict["examples"]["stopped_early"] is True
    asked = rows(EXPERIMENT_RUNS, project)
    assert len(asked) == 2 * verdict["examples"]["asked"] < 2 * EXAMPLES
    again, _, same = decided(capsys, tmp_path / "again", "clueless version=1")
    assert (again, same) == (1, verdict)
    assert rows(EXPERIMENT_RUNS, project) == asked
    assert len(rows(VERDICTS, project)) == 1


POINTS: dict[str, Point] = {
    "decided, the verdict not stored": ("tasks.shared.store.stage:Stage._publish_partition", 1, "/verdicts/"),
    "the verdict stored, its files not written": ("tasks.experiments.steps:write_files", 1, ""),
}


def test_killed_before_or_after_its_verdict_it_ends_with_the_same_one_and_asks_nothing_twice(
    dataset, project, capsys, tmp_path
):
    asking = ["gate", "--name", "capitals", "--candidate", f"{ANSWERS}:clueless version=3", "--output", str(tmp_path)]
    assert killed_and_run(POINTS, asking) == 1
    verdict = json.loads((tmp_path / "verdict.json").read_bytes())
    asked = rows(EXPERIMENT_RUNS, project)
    assert len(asked) == len({row["trace_id"] for row in asked}) == 2 * verdict["examples"]["asked"]
    code, _, same = decided(capsys, tmp_path / "again", "clueless version=3")
    assert (code, same) == (1, verdict)
    assert rows(EXPERIMENT_RUNS, project) == asked
    assert len(rows(VERDICTS, project)) == 1


def test_before_anything_is_asked_it_tells_what_the_examples_can_tell(dataset, project, capsys):
    code = main(["gate", "--name", "capitals", "--candidate", f"{ANSWERS}:right version=2", "--estimate"])
    assert code == 0
    assert "matches_expected, margin 0.2: with power 80 % a candidate keeps it when" in capsys.readouterr().out
    assert rows(EXPERIMENT_RUNS, project) == []


def test_a_gate_that_demands_nothing_or_what_no_experiment_has_is_refused_before_anything_is_asked(
    dataset, project, capsys
):
    both = ("--candidate", f"{ANSWERS}:right", "--baseline", f"{ANSWERS}:clueless", "--dataset", dataset)
    assert main(["gate", "--name", "idle", *both]) == 1
    assert "gates.idle.metrics is empty" in capsys.readouterr().err
    assert main(["gate", "--name", "talks", *both[:2]]) == 1
    assert "gate 'talks' asks for user_frustration, of whole sessions" in capsys.readouterr().err
    assert rows(EXPERIMENT_RUNS, project) == []
