"""The export flow: a file and its report in the lake, the report in Prefect, twice the same."""

import datetime as dt

import httpx
import pytest
from prefect.settings import PREFECT_API_URL

from flows.__main__ import main
from flows.export import export
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.curate.liked_answers import NAME, liked_answers

pytestmark = pytest.mark.servers
DAY = Window.of_day(dt.date(2026, 11, 19))


@pytest.fixture
def lake(nightjar_env, monkeypatch, project):
    """A lake with forty answers that people liked."""
    monkeypatch.setenv("NIGHTJAR_EXPORT__SPANS", f'["{NAME}"]')
    lake = Lake.open(load_settings().lake)
    liked_answers(lake, project)
    return lake


def shown(key: str) -> str:
    """What the one artifact of Prefect's server with this key says."""
    asked = {"artifacts": {"key": {"any_": [key]}}}
    (found,) = httpx.post(f"{PREFECT_API_URL.value()}/artifacts/filter", json=asked).raise_for_status().json()
    return found["data"]


async def test_a_file_is_exported_and_its_report_shown_in_prefect(lake, project):
    receipt = await export("anthropic", DAY, model="gpt-4o-mini", smallest=20)

    folder = f"exports/project={project}/form=anthropic/2026-11-19T00_2026-11-20T00"
    assert receipt.rows == lake.get_file(f"{folder}/training.jsonl").count(b"\n") == 41
    assert shown(f"export-{project}") == lake.get_file(f"{folder}/report.md").decode()


def test_too_few_examples_end_in_one_line_and_exit_code_2(lake, project, capsys):
    assert main(["export", "--form", "openai", "--window", "2026-11-19", "--smallest", "50"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("nightjar: 41 examples are left, fewer than export.smallest 50, so nothing was exported.")
    assert lake.file_names(f"exports/project={project}/form=openai/2026-11-19T00_2026-11-20T00") == []
