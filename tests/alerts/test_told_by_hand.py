"""What is done by hand reaches the channels as from the flow: once, with secrets out of Prefect's blocks, or later."""

import asyncio
import datetime as dt
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from deployments.simulator.receivers import receiving
from flows.__main__ import main
from tasks.alerts.by_hand import known_alerts
from tasks.alerts.steps import tell_now
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.alerts.hours import PROJECT, traffic
from tests.alerts.running import run, settings_below, told
from tests.reports.days import at


async def secret(block):
    """Prefect, which has one block, and is away for another."""
    if block == "away":
        raise OSError("a door, with its secret")
    return block.removeprefix("block:")


@pytest.fixture
def alert(tmp_path, monkeypatch):
    """Raises an alert that these channels were told, and gives the beginning of its id; the command has them too."""
    clock = count()
    monkeypatch.setattr("tasks.alerts.by_hand._now", lambda: at(12) + dt.timedelta(seconds=next(clock)))
    monkeypatch.setattr("tasks.alerts.steps._now", lambda: at(12))
    monkeypatch.setattr("tasks.alerts.steps._secret", secret)
    (tmp_path / "nightjar.toml").write_text(f'project = "{PROJECT}"\n[lake]\nroot = "{tmp_path}/lake"\n')

    def raised(channels, by_command=None):
        monkeypatch.setenv("NIGHTJAR_CHANNELS", json.dumps(by_command or channels))
        settings = settings_below(tmp_path, channels)
        traffic(Lake.open(settings.lake), at(9), 0, 30)
        run(settings, at(10))
        (found,), _ = known_alerts(load_settings(), PROJECT)
        return found.alert_id[:6]

    return raised


def channels(folder, block):
    """Two folders; the command finds the second in a block."""
    said = {"told": {"kind": "file", "folder": str(folder / "told")}}
    there = said | {"vault": {"kind": "file", "folder": str(folder / "vault")}}
    return there, said | {"vault": {"kind": "file", "secret_blocks": {"folder": block}}}


def test_a_channel_whose_secret_lies_in_a_block_is_told(alert, tmp_path, capsys):
    identifier = alert(*channels(tmp_path, f"block:{tmp_path}/vault"))
    assert main(["alerts", "ack", identifier, "--who", "ann"]) == 0
    assert main(["alerts", "resolve", identifier, "--who", "ann"]) == 0
    expected = ["shop: acknowledged: error_rate", "shop: error_rate", "shop: resolved: error_rate"]
    assert told(tmp_path / "vault") == told(tmp_path / "told") == expected
    assert "  vault: sent." in capsys.readouterr().out


def test_one_that_cannot_be_reached_is_a_line_and_is_told_by_the_next_run(alert, tmp_path, capsys):
    there, by_command = channels(tmp_path, "away")
    identifier = alert(there, by_command)
    assert main(["alerts", "ack", identifier, "--who", "ann"]) == 0
    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if "vault" in line]
    assert line.startswith("  vault: failed. channels.vault.folder lies in the Prefect block 'away', which was not")
    assert line.endswith(" The next run of `alerting` tells it.")
    assert "shop: acknowledged: error_rate" in told(tmp_path / "told")
    assert told(tmp_path / "vault") == ["shop: error_rate"]
    run(settings_below(tmp_path, there), at(12))
    assert "shop: acknowledged: error_rate" in told(tmp_path / "vault")


def test_the_command_and_runs_of_the_flow_at_once_tell_once(alert):
    def flow():
        asyncio.run(tell_now(load_settings(), PROJECT, secret))

    with receiving() as receivers:
        identifier = alert(receivers.channels())
        command = ["alerts", "ack", identifier, "--who", "ann"]
        with ThreadPoolExecutor(4) as pool:
            work = [pool.submit(main, command), pool.submit(flow), pool.submit(main, command), pool.submit(flow)]
            for each in work:
                each.result()
        assert Counter({name: len(titles) for name, titles in receivers.came.items()}) == dict.fromkeys(
            receivers.channels(), 2
        )
        assert receivers.came["pager"][1].startswith("acknowledge ")
        assert list(receivers.threads.values()) == [2]
