"""`python -m flows` as a user meets it."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import flows
from flows.__main__ import _show, flow_summaries, main
from tasks.shared.records import Batch, Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import span_row, span_table
from tests.traffic import TestSpan, ingest

FLOWS = Path(flows.__file__).parent
HEAVY = ("prefect", "mlflow", "great_expectations", "pandas", "pyarrow", "duckdb", "phoenix")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m flows` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


def test_help_lists_every_flow_with_its_summary():
    printed = run("--help", COLUMNS="200").stdout
    summaries = flow_summaries(FLOWS)
    assert {"ingestion", "evaluation", "tracking", "reporting", "nightly"} <= set(summaries)
    assert " why " in printed
    for name, summary in summaries.items():
        assert name in printed
        assert summary in printed


def test_help_imports_nothing_heavy():
    probe = (
        "import sys; from flows.__main__ import main; main(['--help']); "
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_flows_help_shows_its_parameters_and_what_they_mean():
    printed = run("nightly", "--help", COLUMNS="200").stdout
    for expected in ("--date", "--until", "--project", "--json", "The last day of a backfill"):
        assert expected in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ingestion", "--window", "yesterdayish"), "'yesterdayish' is not understood"),
        (("nightly", "--date", "2026-13-01"), "2026-13-01"),
        (("nightly", "--nonsense", "1"), "nonsense"),
        (("nocturnal",), "nocturnal"),
    ],
)
def test_bad_input_exits_1_with_the_value_named(arguments, message):
    done = run(*arguments, COLUMNS="200")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("nightjar: ")
    assert message in line


def test_a_wrong_setting_is_one_line_too():
    done = run("nightly", NIGHTJAR_PHOENIX__IN_FLIGHT="0")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "phoenix.in_flight" in line


def test_an_estimate_is_shown_as_a_table_with_a_row_for_each_judge(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    numbers = {"units": 1200, "expected_microdollars": 2_500}
    by_judge = {f"toxicity.{what}": number for what, number in numbers.items()}
    _show(
        [Batch("estimate", "p", Window.parse("2026-11-19"), 0, {**numbers, **by_judge}, notes=("assumed",))], json=False
    )
    lines = [line.replace("│", "").split() for line in capsys.readouterr().out.splitlines()]
    assert ["toxicity", "1,200", "0.0025"] in lines
    assert ["all", "1,200", "0.0025"] in lines
    assert ["assumed"] in lines


def test_nothing_reports_to_anyone_even_where_a_terminal_is_interactive():
    told = {"CI", "DO_NOT_TRACK", "GITHUB_ACTIONS", "PREFECT_SERVER_ANALYTICS_ENABLED"}
    probe = (
        "import flows.windows, os; from prefect.settings import get_current_settings as settings; "
        "print(os.environ['DO_NOT_TRACK'], settings().server.analytics_enabled)"
    )
    environment = {k: v for k, v in os.environ.items() if k not in told}
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["true", "False"]


@pytest.fixture
def lake_of_one_span(tmp_path, monkeypatch):
    """A lake with the span `abc` of 2026-11-19 in project `p`, which the settings name."""
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    monkeypatch.setenv("NIGHTJAR_PROJECT", "p")
    monkeypatch.setenv("NIGHTJAR_LAKE__ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("NIGHTJAR_PHOENIX__URL", "http://phoenix.test")
    spans = span_table(span_row("abc", output="hi"))
    Lake.open(LakeSettings(root=str(tmp_path / "lake"))).write(SPANS, "p", Window.parse("2026-11-19"), spans)


def test_why_tells_people_and_machines_of_a_unit(lake_of_one_span, capsys):
    assert main(["why", "abc"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["span abc, project p", "http://phoenix.test/redirects/spans/abc"]
    assert main(["why", "abc", "--json", "--window", "2026-11-19"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["unit"], found["decisions"]) == ("span", [])
    assert "has_output" in found["silent"]


def test_why_of_an_unknown_id_exits_1_and_says_what_to_check(lake_of_one_span):
    done = run("why", "abd", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("nightjar: 'abd' is no span, trace or session of project 'p'")


@pytest.mark.servers
def test_phoenix_being_away_fails_with_one_line_that_names_the_url(nightjar_env):
    done = run("ingestion", "--window", "2026-11-19", NIGHTJAR_PHOENIX__URL="http://127.0.0.1:9")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("nightjar: ")
    assert "http://127.0.0.1:9" in last


@pytest.mark.servers
def test_json_prints_only_the_receipts_on_stdout(nightjar_env, servers, project):
    ingest(servers.phoenix_url, project, [TestSpan(start=dt.datetime(2026, 11, 19, 5, tzinfo=dt.UTC))])
    done = run("ingestion", "--window", "2026-11-19T05:00Z/2026-11-19T06:00Z", "--json")
    assert done.returncode == 0, done.stderr
    receipts = json.loads(done.stdout)
    assert [(r["table"], r["rows"]) for r in receipts] == [("spans", 1), ("spans", 0), ("annotations", 0)]
