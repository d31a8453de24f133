"""Alerts are tested without the repository's own nightjar.toml, which has rules for the demo."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of a test are its own."""
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks have tests of their own, and take most of the time of a run."""
    for module in ("tasks.alerts.measuring", "tasks.alerts.evaluating", "tasks.shared.channels.deliveries"):
        monkeypatch.setattr(f"{module}.gate", lambda *_, **__: None)
