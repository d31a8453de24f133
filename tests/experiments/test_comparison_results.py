"""The results of a comparison in a real MLflow, and its report in the lake."""

from dataclasses import replace

import pytest

from tasks.experiments.results import Pair, read_results, tag_verdict, track, write_report
from tasks.shared.settings import GateMetric, GateSettings, LakeSettings, MlflowSettings, Settings
from tasks.shared.store.lake import Lake
from tests.experiments.compared import BASELINE, CANDIDATE, PROJECT, lake_at

GATE = GateSettings(
    metrics={"sql_matches_expected": GateMetric()}, training_tokens=1_000_000, coverage_floor=0.9, most_cost_ratio=0.1
)
PAIR = Pair(PROJECT, "sql", BASELINE, CANDIDATE, GATE)


@pytest.fixture
def settings(servers, project, tmp_path):
    lake_at(tmp_path, candidate_model="openai/ft:gpt-4o-mini:shop")
    mlflow = MlflowSettings(tracking_uri=servers.mlflow_url, retries=0, experiment=project)
    return Settings(lake=LakeSettings(root=str(tmp_path)), mlflow=mlflow)


@pytest.mark.servers
def test_a_comparison_is_one_run_with_two_below_it_however_often_it_is_tracked(settings):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=settings.mlflow.tracking_uri)
    _, unattached = write_report(settings, PAIR, None)
    track(settings, PAIR, {})
    page, attached = write_report(settings, PAIR, "http://prefect/1")
    tracked = track(settings, PAIR, {})
    assert tag_verdict(settings, PAIR, {"verdict": "fail", "verdict_id": "ab" * 8})
    runs = client.search_runs([client.get_experiment_by_name(settings.mlflow.experiment).experiment_id])
    parent = next(run for run in runs if run.data.tags["nightjar.kind"] == "comparison")
    assert len(runs) == 3
    assert tracked.notes[0].endswith(parent.info.run_id)
    assert [unattached.counts["attached"], attached.counts["attached"]] == [0, 1]
    assert parent.data.tags["nightjar.verdict"] == "fail"
    assert parent.data.tags["nightjar.verdict_id"] == "ab" * 8
    assert parent.data.metrics["difference/score/quality.n"] == 11
    assert {run.data.tags.get("mlflow.parentRunId") for run in runs if run is not parent} == {parent.info.run_id}
    assert {file.path for file in client.list_artifacts(parent.info.run_id)} == {
        "examples.csv",
        "examples.json",
        "plots",
        "report.html",
    }
    assert [link.text for link in page.sources] == ["side by side in Phoenix", "MLflow run", "Prefect flow run"]
    assert page.parts[-2].title == "Return on training"
    stored = Lake.open(settings.lake).get_file(PAIR.path("report.md"))
    assert b"| Training | \\$3.00 |" in stored
    assert attached.notes[0].endswith("report.html")


def test_a_report_is_made_without_mlflow_and_for_a_gate_that_demands_nothing(tmp_path):
    lake_at(tmp_path, candidate_model="openai/gpt-4o")
    away = MlflowSettings(tracking_uri="http://127.0.0.1:9", timeout_seconds=5, retries=0)
    bare = replace(PAIR, demands=GateSettings())
    page, _ = write_report(Settings(lake=LakeSettings(root=str(tmp_path)), mlflow=away), bare, None)
    assert page.sources[1].text == "MLflow did not answer when this was made"
    assert page.warnings == {}
    assert [row[0] for row in page.parts[2].blocks[0].rows] == ["quality", "sql_matches_expected"]
    assert "return" not in [part.name for part in page.parts]


def test_what_the_experiments_doubt_the_verdict_of_the_report_doubts_too(tmp_path):
    lake_at(tmp_path)
    settings = Settings(lake=LakeSettings(root=str(tmp_path)))
    doubted = replace(PAIR, doubts=("40 scores are pending",))
    compared = read_results(settings, Lake.open(settings.lake), doubted)
    assert (compared.verdict.outcome, compared.verdict.reason) == ("inconclusive", "40 scores are pending.")
