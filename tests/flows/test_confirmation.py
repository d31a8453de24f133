"""Estimates, and the yes that dear backfills want, through the flows and the command line."""

import datetime as dt
import json

import pytest

from flows.evaluation import evaluation
from flows.nightly import nightly
from tasks.shared.errors import NotConfirmed, ServiceUnavailable
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, SPANS
from tests.evaluate.rows import span_row, span_table
from tests.flows.test_cli import run
from tests.providers import MODEL, books, simulated
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

DAY = dt.date(2026, 11, 18)
NEXT_DAY = DAY + dt.timedelta(days=1)
TWO_DAYS = Window(Window.of_day(DAY).start, Window.of_day(NEXT_DAY).end)
JUDGE = """
name: brief
version: "1"
description: Is the answer brief?
unit: span
inputs: {answer: output}
messages: [{content: "Is this brief? <answer>{{answer}}</answer>"}]
choices: {brief: 1, long: 0}
canaries: [{inputs: {answer: "Yes."}, expect: [brief, long]}]
"""


@pytest.fixture
def provider(nightjar_env, tmp_path, monkeypatch):
    """A simulated provider that the one judge of the settings asks; more than nothing wants a yes."""
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "brief.yaml").write_text(JUDGE)
    with simulated() as url:
        simulated_provider = {"kind": "openai", "base_url": f"{url}/v1", "api_key": "x"}
        monkeypatch.setenv("NIGHTJAR_JUDGES__FOLDER", str(tmp_path / "judges"))
        monkeypatch.setenv("NIGHTJAR_JUDGES__MODEL", MODEL)
        monkeypatch.setenv("NIGHTJAR_JUDGES__ENABLED", '["brief"]')
        monkeypatch.setenv("NIGHTJAR_JUDGES__PROVIDERS", json.dumps({"simulated": simulated_provider}))
        monkeypatch.setenv("NIGHTJAR_EVALUATORS__ENABLED", '["has_output"]')
        monkeypatch.setenv("NIGHTJAR_BUDGET__CONFIRM_OVER_USD", "0")
        yield url


def ingested(project, *outputs):
    """Put a span per output into the lake, a day apart."""
    start = Window.of_day(DAY).start
    rows = [span_row(f"s{n}", output=o, start_time=start + dt.timedelta(days=n)) for n, o in enumerate(outputs)]
    Lake.open(load_settings().lake).write(SPANS, project, TWO_DAYS, span_table(*rows))


def decided(project):
    return Lake.open(load_settings().lake).read(DECISIONS, project).num_rows


def test_the_command_line_prints_an_estimate_and_spends_nothing(provider, project):
    ingested(project, "one", "two")
    done = run("evaluation", "--window", str(TWO_DAYS), "--estimate", "--json")
    assert done.returncode == 0, done.stderr
    (receipt,) = json.loads(done.stdout)
    assert receipt["table"] == "estimate"
    assert (receipt["counts"]["brief.units"], receipt["counts"]["brief.calls"]) == (2, 3)
    assert receipt["counts"]["expected_microdollars"] > 0
    assert books(provider)["answered"] == decided(project) == 0


def test_more_than_a_day_above_the_threshold_exits_1_with_the_amount(provider, project):
    ingested(project, "one", "two")
    done = run("evaluation", "--window", str(TWO_DAYS))
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("nightjar: judging 2026-11-18T00:00Z/2026-11-20T00:00Z is estimated at 0.00 USD, above")
    assert "--yes" in last
    assert books(provider)["answered"] == decided(project) == 0


async def test_a_yes_or_a_single_day_needs_no_confirmation(provider, project, servers):
    ingest(servers.phoenix_url, project, [TestSpan(TWO_DAYS.start)])
    ingested(project, "one", "two")
    with pytest.raises(NotConfirmed):
        await evaluation(TWO_DAYS)
    await evaluation(Window.of_day(DAY), ["brief"])
    assert books(provider)["answered"] >= 2
    assert decided(project) >= 1
    await evaluation(TWO_DAYS, ["brief"], yes=True)
    assert decided(project) == 2


async def test_a_backfill_stops_before_it_judges_its_first_day(provider, project, servers, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_LATE_LOOKBACK_HOURS", "0")
    noon = Window.of_day(DAY).start + dt.timedelta(hours=12)
    spans = [TestSpan(noon + dt.timedelta(days=n), attributes={"output.value": f"answer {n}"}) for n in range(2)]
    ingest(servers.phoenix_url, project, spans)
    with pytest.raises(NotConfirmed, match="judging 2026-11-18 to 2026-11-19 is estimated at"):
        await nightly(DAY, NEXT_DAY)
    assert books(provider)["answered"] == decided(project) == 0
    # With a yes it judges, and ends where the next stage finds no MLflow; the second day may be judged by then.
    monkeypatch.setenv("NIGHTJAR_MLFLOW__TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("NIGHTJAR_MLFLOW__RETRIES", "0")
    with pytest.raises(ServiceUnavailable):
        await nightly(DAY, NEXT_DAY, yes=True)
    assert books(provider)["answered"] >= 2
    assert decided(project) >= 1
