"""The units of the hourly sync are what systemd understands, and start what there is."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.knowledge_commands import sync_commands

UNITS = Path(__file__).parents[3] / "deployments" / "systemd"
PYTHON = "/opt/nightjar/.nightjar/venvs/nightjar/bin/python"


def read(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name)
    return parser


def test_systemd_finds_no_fault_in_them(tmp_path):
    if not shutil.which("systemd-analyze"):
        assert "CI" not in os.environ, "CI installs systemd"
        pytest.skip("there is no systemd-analyze here: install systemd")
    for unit in UNITS.iterdir():
        # systemd wants the program to be there.
        (tmp_path / unit.name).write_text(unit.read_text().replace(PYTHON, sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(str(path) for path in tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_runs_the_sync_and_takes_inconclusive_for_no_failure():
    service = read("nightjar-sync.service")["Service"]
    python, *words = service["ExecStart"].split()
    assert python == PYTHON
    assert words[:4] == ["-m", "flows", "sync", "phoenix"]
    known = {name for argument in sync_commands["phoenix"].assemble_argument_collection() for name in argument.names}
    assert {word for word in words if word.startswith("--")} <= known
    assert service["SuccessExitStatus"] == "2"


def test_the_timer_starts_it_every_hour():
    timer = read("nightjar-sync.timer")["Timer"]
    assert timer["OnCalendar"].startswith("*-*-* *:")
    assert timer["Unit"] == "nightjar-sync.service"
