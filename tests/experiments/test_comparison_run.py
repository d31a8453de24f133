"""What is logged to MLflow for a comparison, without a server."""

import orjson
import pytest

from tasks.experiments.example_rows import answer_rows, example_rows
from tasks.experiments.tracked import comparison_run
from tasks.shared.settings import Settings
from tests.experiments.compared import BASELINE, CANDIDATE, SQL, WRONG, comparison

FLOW_RUN = {"id": "0199", "name": "brave-owl", "url": "http://prefect/runs/flow-run/0199"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    return comparison(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def run(compared):
    settings = Settings(owner="ada", tier="dev")
    return comparison_run(
        "shop",
        compared,
        settings=settings,
        dataset_url="http://phoenix/datasets/1",
        flow_run=FLOW_RUN,
        files={"report.html": b"<html>"},
    )


def values(run):
    return {point.name: point.value for point in run.points}


def test_the_parent_has_the_differences_with_intervals_and_what_changed(run):
    found = values(run)
    assert found["difference/score/sql_matches_expected"] == pytest.approx(-2 / 11)
    assert found["difference/score/sql_matches_expected.low"] < found["difference/score/sql_matches_expected.high"]
    assert found["difference/score/sql_matches_expected.n"] == 11
    assert found["difference/score/sql_matches_expected.coverage"] == pytest.approx(11 / 12)
    assert found["difference/score/sql_matches_expected/stratum/joins"] == pytest.approx(-2 / 7)
    assert found["ratio/cost_usd"] == pytest.approx(0.0098 / 0.0241)
    assert (found["examples/worse/quality"], found["examples/better/quality"], found["examples/same/quality"]) == (
        3,
        1,
        7,
    )
    assert {point.timestamp_ms for point in run.points} == {1_795_089_600_000}
    assert len(found) == len(run.points)


def test_each_variant_has_its_own_run_with_scores_cost_latency_and_tokens(run):
    baseline, candidate = run.children
    assert [child.kind for child in run.children] == ["variant", "variant"]
    assert baseline.name == "baseline: prompt:sql-writer@baseline openai/gpt-4o"
    found = values(candidate)
    assert found["score/sql_matches_expected"] == pytest.approx(8 / 11)
    assert {f"score/sql_matches_expected.{end}" for end in ("low", "high", "n", "coverage")} <= set(found)
    assert found["latency_ms/p50"] == 650
    assert found["tokens"] == 340
    assert (found["answers/answered"], found["answers/errored"]) == (11, 1)
    assert candidate.params == {
        "variant": "prompt:sql-writer@candidate openai/ft:gpt-4o-mini:shop",
        "experiment": CANDIDATE,
        "specification": compared_specification(candidate),
        "model": "openai/ft:gpt-4o-mini:shop",
        "prompt_version": "UHJvbXB0candidate",
        "parameters": '{"temperature":0}',
        "dataset": "golden-queries",
        "dataset_version": "golden-queries-2026-11-18",
        "dataset_digest": "d1" * 8,
        "repetitions": "1",
    }


def compared_specification(child):
    return child.artifacts["specification.json"].decode()


def test_a_run_is_found_by_its_gate_and_experiments_and_says_what_it_rests_on(run):
    assert (run.kind, run.subject, run.name) == ("comparison", f"sql/{BASELINE}/{CANDIDATE}", "sql, 2026-11-19")
    assert run.tags["nightjar.gate"] == "sql"
    assert run.tags["nightjar.dataset_version"] == "golden-queries-2026-11-18"
    assert run.tags["nightjar.prompt_version"] == "UHJvbXB0candidate"
    assert run.tags["mlflow.source.git.commit"] == "0123456789abcdef"
    assert run.tags["prefect.flow_run.name"] == "brave-owl"
    assert "nightjar.verdict" not in run.tags
    assert [child.tags["nightjar.role"] for child in run.children] == ["baseline", "candidate"]
    for each in (run, *run.children):
        assert (each.dataset.name, each.dataset.digest) == ("golden-queries-2026-11-18", "d1" * 8)
        assert (each.dataset.rows, each.dataset.use) == (12, "evaluation")
    assert "| difference/score/sql_matches_expected | -0.1818 |" in run.note


def test_tables_pictures_and_the_report_are_artifacts(run):
    assert set(run.files) == {
        "plots/differences.png",
        "plots/ratios.png",
        "report.html",
        "examples.json",
        "examples.csv",
    }
    table = orjson.loads(run.files["examples.json"])
    assert len(table["data"]) == 12
    assert run.children[0].table_tags == {"mlflow.loggedArtifacts": '[{"path": "answers.json", "type": "table"}]'}
    assert run.artifacts["plots/ratios.png"].startswith(b"\x89PNG")


def test_examples_are_rows_with_both_answers_and_every_score(compared):
    rows = {row["example"]: row for row in example_rows(compared)}
    worse, lost = rows["example-03"], rows["example-11"]
    assert (worse["baseline output"], worse["candidate output"]) == (SQL, WRONG[3])
    assert (worse["quality, baseline"], worse["quality, candidate"]) == (4.5, 2.0)
    assert (worse["input"], worse["expected"]) == ("How many devices are at site 3?", SQL)
    assert (lost["candidate status"], lost["candidate output"], lost["quality, candidate"]) == ("errored", None, None)


def test_answers_are_rows_with_what_was_said_of_them(compared):
    rows = {row["example"]: row for row in answer_rows(compared, compared.candidate)}
    assert rows["example-00"]["sql_matches_expected, why"] == "The statement is the expected one."
    assert rows["example-11"]["error"] == "no answer within 60 s after 3 tries"
    assert rows["example-11"]["sql_matches_expected"] is None
