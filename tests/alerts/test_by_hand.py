"""What people do with alerts on the command line: once, told to channels, and kept."""

import datetime as dt
import json
from itertools import count

import pytest

from flows.__main__ import main
from tasks.alerts.by_hand import known_alerts
from tasks.shared.settings import load_settings
from tests.alerts.hours import PROJECT, traffic
from tests.alerts.running import run, settings_below, told
from tests.reports.days import at

TOML = """
project = "{project}"
[lake]
root = "{folder}/lake"
[channels.files]
kind = "file"
folder = "{folder}/told"
[alerts]
channels = ["files"]
"""


@pytest.fixture(autouse=True)
def open_alert(tmp_path, monkeypatch):
    """A lake with one open alert that was told; gives the beginning of its id."""
    # Alerts of long ago are not looked for.
    clock = count()
    monkeypatch.setattr("tasks.alerts.by_hand._now", lambda: at(12) + dt.timedelta(seconds=next(clock)))
    monkeypatch.setattr("tasks.alerts.steps._now", lambda: at(12))
    (tmp_path / "nightjar.toml").write_text(TOML.format(project=PROJECT, folder=tmp_path))
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    settings = settings_below(tmp_path)
    from tasks.shared.store.lake import Lake

    traffic(Lake.open(settings.lake), at(9), 0, 30)
    run(settings, at(10))
    return known()[0].alert_id[:6]


def known(*, closed=True):
    return known_alerts(load_settings(), PROJECT, closed=closed)[0]


def test_it_is_listed_with_what_was_measured(open_alert, capsys):
    assert main(["alerts", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["alert_id"].startswith(open_alert)
    assert (row["rule"], row["value"], row["n"], row["resolved_at"]) == ("error_rate", 1.0, 30, None)
    assert main(["alerts", "list"]) == 0
    assert "error_rate" in capsys.readouterr().out


def test_it_is_acknowledged_once_and_the_channels_are_told(open_alert, tmp_path, capsys):
    for _ in range(2):
        assert main(["alerts", "ack", open_alert, "--who", "ann", "--note", "looking"]) == 0
    (alert,) = known()
    assert (alert.acknowledged.who, alert.acknowledged.note, alert.open) == ("ann", "looking", True)
    assert told(tmp_path / "told") == ["shop: acknowledged: error_rate", "shop: error_rate"]
    assert "files: sent." in capsys.readouterr().out


def test_the_list_shows_brackets_as_they_were_written(open_alert, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["alerts", "ack", open_alert, "--who", "[/x][red]ann"]) == 0
    assert main(["alerts", "list"]) == 0
    assert "seen by [/x][red]ann" in capsys.readouterr().out


def test_it_is_resolved_by_hand(open_alert, tmp_path):
    assert main(["alerts", "resolve", open_alert, "--who", "ann"]) == 0
    assert known(closed=False) == []
    assert known()[0].resolved.message.startswith("Resolved by ann: Error rate: 100%")
    assert "shop: resolved: error_rate" in told(tmp_path / "told")
    assert main(["alerts", "ack", open_alert]) == 1


def test_it_is_marked_false_and_right_again(open_alert, tmp_path):
    before = told(tmp_path / "told")
    assert main(["alerts", "false-positive", open_alert]) == 0
    assert known()[0].false_positive is True
    assert main(["alerts", "false-positive", open_alert, "--undo"]) == 0
    assert known()[0].false_positive is False
    assert told(tmp_path / "told") == before


def test_a_rule_is_silenced_and_not_any_more(capsys):
    assert main(["alerts", "silence", "error_rate", "--hours", "2"]) == 0
    assert "error_rate is silent until 2026-11-19 14:00 UTC." in capsys.readouterr().out
    assert main(["alerts", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["silent_until"].startswith("2026-11-19T14:00")
    assert main(["alerts", "silence", "error_rate", "--hours", "0"]) == 0
    assert "error_rate is not silent any more." in capsys.readouterr().out
    assert main(["alerts", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["silent_until"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ack", "zzzz"], "'zzzz' is the id of no alert"),
        (["silence", "eror_rate"], "there is no rule 'eror_rate'"),
        (
            ["silence", "error_rate", "--series", "name=a"],
            "error_rate has no series 'name=a'. error_rate is of the whole",
        ),
        (["silence", "error_rate_rises", "--series", "a"], "error_rate_rises is by name: write name=<value>"),
        (["silence", "pipeline_failed", "--series", "nightly"], "pipeline_failed is by deployment: write deployment="),
        (["silence", "error_rate", "--hours", "-1"], "-1 hours are no silence"),
    ],
)
def test_what_is_not_there_is_told(words, said, capsys):
    assert main(["alerts", *words]) == 1
    assert said in capsys.readouterr().err
