"""What the demo remembers and where it sends people."""

import datetime as dt
import os
from pathlib import Path

import pytest

from deployments.local import addresses, demo
from tasks.shared.settings import LakeSettings, Settings

DAY = dt.date(2026, 11, 19)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    return Settings(lake=LakeSettings(root=str(tmp_path / "lake")))


def page(settings: Settings, path: str, age_seconds: float = 0) -> Path:
    file = settings.lake.local_root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("<html>")
    os.utime(file, (1_800_000_000 - age_seconds,) * 2)
    return file


def test_the_incident_stays_on_the_day_the_first_demo_gave_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    assert demo.incident_day(DAY) == DAY
    assert demo.incident_day(DAY + dt.timedelta(days=3)) == DAY


def test_the_report_of_the_day_and_project_is_found(settings: Settings) -> None:
    file = page(settings, f"reports/date={DAY}/project=a%2Fb/report.html")
    page(settings, f"reports/date={DAY}/project=other/report.html")
    assert addresses.report(settings, "a/b", DAY) == file.as_uri()


def test_the_newest_validation_page_is_found(settings: Settings) -> None:
    folder = f"validations/project=p/date={DAY}"
    page(settings, f"{folder}/spans-part-1.html", age_seconds=60)
    newest = page(settings, f"{folder}/spans-part-0.html")
    assert addresses.validation(settings, "p", DAY) == newest.as_uri()


def test_a_missing_report_says_where_it_would_be(settings: Settings) -> None:
    assert addresses.report(settings, "p", DAY).startswith("none at ")
