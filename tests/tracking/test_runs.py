"""What is logged for a day and for the trend, without a server."""

import csv
import datetime as dt
import io
import xml.etree.ElementTree as ET

import orjson
import pytest
from pydantic import SecretStr

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.mlflow import experiment_name
from tasks.shared.records import Metric, Window
from tasks.shared.settings import (
    GateSettings,
    LakeSettings,
    LocalSettings,
    MlflowSettings,
    PhoenixSettings,
    Settings,
)
from tasks.tracking.day_run import day_run, recorded_settings, settings_digest
from tasks.tracking.evidence import EVALUATORS_QUERY, SPANS_QUERY, Evidence, evidence_of
from tasks.tracking.plots import bars
from tasks.tracking.summary import metric_rows
from tasks.tracking.trend_run import trend_run
from tests.tracking.rows import DAY, lake_at, put

METRICS = [
    Metric("spans", 120, 120, 1.0),
    Metric("score/no_error", 0.75, 4, 0.8, 0.3, 0.95, unit="score"),
    Metric("cost_usd", 1.5, 9, 0.9, unit="usd"),
    Metric("cost_usd", 1.5, 9, 0.9, dimension="model=gpt-4o", unit="usd"),
    Metric("latency_ms/p95", 1234.5, 30, 1.0, 1000, 2000, "name=<b>&co", "ms"),
]
EVIDENCE = Evidence(120, "ab" * 16, ("claude", "gpt-4o"), {"no_error": "2", "sql": "7"}, {"sql": ("openai/a", "x/b")})
FLOW_RUN = {"id": "0199", "name": "brave-owl", "url": "http://prefect/runs/flow-run/0199"}
SECRET = "do-not-log-me"
SETTINGS = Settings(
    owner="ada",
    phoenix=PhoenixSettings(api_key=SecretStr(SECRET), headers={"x-key": SecretStr(SECRET)}),
    lake=LakeSettings(root=f"s3://{SECRET}"),
    mlflow=MlflowSettings(tracking_uri=f"http://me:{SECRET}@mlflow"),
    judges={"providers": {"ours": {"kind": "openai", "base_url": f"http://me:{SECRET}@models/v1"}}},
    feedback={"endpoint_url": f"http://me:{SECRET}@dynamo"},
    sync={"milvus_uri": f"http://me:{SECRET}@milvus"},
    gates={"ours": GateSettings(candidate=f"command:answer --key {SECRET}")},
    channels={"team": {"kind": "webhook", "url": f"http://me:{SECRET}@hooks"}},
)


@pytest.fixture
def run():
    return day_run(
        "p", DAY, METRICS, EVIDENCE, settings=SETTINGS, source="lake/spans", report=b"<html>", flow_run=FLOW_RUN
    )


def test_a_day_is_logged_at_its_end_with_every_value(run):
    assert (run.project, run.kind, run.date, run.name) == ("p", "day", "2026-11-19", "2026-11-19")
    points = {point.name: point for point in run.points}
    assert points["score/no_error"].value == 0.75
    assert points["score/no_error.coverage"].value == 0.8
    assert points["cost_usd/model/gpt-4o"].value == 1.5
    assert {p.timestamp_ms for p in run.points} == {1_795_132_800_000}
    assert len(points) == len(run.points)


def test_a_day_names_evaluators_models_settings_and_version(run):
    assert run.params["evaluator/no_error"] == "2"
    assert run.params["models"] == "claude, gpt-4o"
    assert (run.params["evaluator/sql"], run.params["judge_model/sql"]) == ("7", "openai/a, x/b")
    assert run.params["settings_digest"] == settings_digest(recorded_settings(SETTINGS))
    assert run.params["nightjar_version"]
    assert run.dataset.digest == "ab" * 16
    assert run.dataset.rows == 120
    assert run.dataset.columns["start_time"] == "datetime"


def test_a_day_names_the_flow_run_and_the_owner(run):
    assert run.tags["prefect.flow_run.id"] == "0199"
    assert run.tags["prefect.flow_run.name"] == "brave-owl"
    assert run.tags["prefect.flow_run.url"] == FLOW_RUN["url"]
    assert run.tags["nightjar.owner"] == "ada"
    assert f"[Prefect flow run]({FLOW_RUN['url']})" in run.note


def test_the_note_shows_headlines_and_scores_with_n_and_coverage(run):
    assert "| spans | 120 |  | 120 | 100% |" in run.note
    assert "| cost_usd | $1.50 |  | 9 | 90% |" in run.note
    assert "| score/no_error | 0.750 | 0.300 to 0.950 | 4 | 80% |" in run.note


def test_artifacts_hold_the_metrics_the_report_and_plots_that_are_well_formed(run):
    assert set(run.artifacts) == {
        "metrics.csv",
        "metrics.json",
        "settings.json",
        "report.html",
        "plots/scores.svg",
        "plots/cost.svg",
        "plots/latency.svg",
    }
    table = list(csv.DictReader(io.StringIO(run.artifacts["metrics.csv"].decode())))
    assert [row["name"] for row in table] == [m.name for m in METRICS]
    assert orjson.loads(run.artifacts["metrics.json"])[1]["coverage"] == 0.8
    for name in ("scores", "cost", "latency"):
        ET.fromstring(run.artifacts[f"plots/{name}.svg"])


def test_a_day_without_report_models_or_flow_run_is_logged_all_the_same():
    run = day_run("p", DAY, METRICS[:1], Evidence(0, "0" * 32, (), {}), settings=SETTINGS, source="")
    assert set(run.artifacts) == {"metrics.csv", "metrics.json", "settings.json"}
    assert run.params["models"] == "none"
    assert not [tag for tag in run.tags if tag.startswith("prefect")]


def test_no_secret_is_logged(run):
    logged = [run.note, *run.tags.values(), *run.params.values(), *(a.decode() for a in run.artifacts.values())]
    assert not [text for text in logged if SECRET in text]


def test_the_settings_digest_follows_what_is_computed_and_not_where():
    elsewhere = Settings(
        owner="ada",
        phoenix=PhoenixSettings(url="http://other:1"),
        local=LocalSettings(postgres_url=SecretStr("postgresql://h:1")),
    )
    stricter = Settings(owner="ada", evaluators={"cost_budget_usd": 0.01})
    digest = settings_digest(recorded_settings(SETTINGS))
    assert settings_digest(recorded_settings(elsewhere)) == digest
    assert settings_digest(recorded_settings(stricter)) != digest


def test_evidence_is_the_same_for_the_same_spans_in_any_order(tmp_path):
    spans = [{"span_id": f"{i:016x}", "digest": f"d{i}", "model": "b" if i % 2 else "a"} for i in range(9)]
    found = []
    for name, rows in (("one", spans), ("two", spans[::-1]), ("less", spans[1:])):
        lake = lake_at(tmp_path / name)
        put(lake, "spans", *rows)
        put(lake, "decisions", {"evaluator": "e", "version": "3"}, {"evaluator": "j", "model": "openai/a"})
        answers = (lake.sql(query, "p", DAY).to_pylist() for query in (SPANS_QUERY, EVALUATORS_QUERY))
        found.append(evidence_of(*answers))
    one, two, less = found
    assert one == two
    assert (one.rows, one.models, one.evaluators, len(one.digest)) == (9, ("a", "b"), {"e": "3", "j": "1"}, 32)
    assert one.judge_models == {"j": ("openai/a",)}
    assert one.digest != less.digest


def test_evidence_of_a_day_without_spans_is_empty(tmp_path):
    answers = (lake_at(tmp_path).sql(query, "p", DAY).to_pylist() for query in (SPANS_QUERY, EVALUATORS_QUERY))
    assert evidence_of(*answers) == Evidence(0, "0" * 32, (), {})


def test_the_trend_has_one_step_per_day_and_only_values_of_divided_metrics():
    rows = [
        row
        for day in (dt.date(2026, 11, 18), dt.date(2026, 11, 19))
        for row in metric_rows(METRICS, Window.of_day(day)).to_pylist()
    ]
    run = trend_run("p", rows, SETTINGS, FLOW_RUN)
    assert (run.kind, run.date, run.name) == ("trend", "", "trend")
    scores = [point for point in run.points if point.name == "score/no_error"]
    assert [point.step for point in scores] == [20775, 20776]
    assert [point.timestamp_ms for point in scores] == [1_795_046_400_000, 1_795_132_800_000]
    names = {point.name for point in run.points}
    assert "score/no_error.low" in names
    assert "cost_usd/model/gpt-4o" in names
    assert "cost_usd/model/gpt-4o.n" not in names
    assert run.params == {"first_day": "2026-11-18", "last_day": "2026-11-19"}


def test_bars_escape_what_they_show_and_fit_the_picture():
    svg = bars("a & b", METRICS[-1:], "ms")
    root = ET.fromstring(svg)
    assert "&lt;b&gt;&amp;co" in svg
    widths = [float(e.get("width")) for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("x")]
    assert widths
    assert max(widths) < 760


def test_bars_of_nothing_but_zeros_are_a_picture():
    assert ET.fromstring(bars("empty", [Metric("score/x", 0.0, 1, 1.0)])) is not None


def test_the_experiment_is_named_by_the_template():
    assert experiment_name(Settings(tier="prod", use_case="chat", version="v2"), "shop") == "shop_prod_chat_v2"


@pytest.mark.parametrize("template", ["{nope}", "{0}", "{project"])
def test_a_wrong_template_says_what_may_be_used(template):
    with pytest.raises(ConfigurationError, match=r"Use \{project\}"):
        experiment_name(Settings(mlflow=MlflowSettings(experiment=template)), "p")
