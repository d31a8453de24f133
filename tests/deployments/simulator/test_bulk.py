"""Simulated volume in a real lake."""

import datetime as dt
import subprocess
import sys

import pytest

from deployments.simulator.bulk import Volume, fill_lake, open_lake
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS

VOLUME = Volume(project="v", spans=20_000, until=dt.date(2026, 11, 19), days=2)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = open_lake(str(tmp_path_factory.mktemp("lake")))
    seen: list[int] = []
    assert fill_lake(lake, VOLUME, seen.append) == VOLUME.spans
    assert seen[-1] == VOLUME.spans
    return lake


def figure(lake: Lake, query: str) -> float:
    return lake.sql(query, "v").column(0)[0].as_py()


def test_every_row_is_its_own_and_in_the_window(lake):
    assert figure(lake, "SELECT count(DISTINCT span_id) FROM spans") == VOLUME.spans
    assert lake.read(SPANS, "v", VOLUME.window, ("span_id",)).num_rows == VOLUME.spans


def test_parents_exist_in_the_same_trace(lake):
    query = (
        "SELECT count(*) FROM spans c LEFT JOIN spans p ON p.span_id = c.parent_id AND p.trace_id = c.trace_id "
        "WHERE c.parent_id IS NOT NULL AND p.span_id IS NULL"
    )
    assert figure(lake, query) == 0


def test_times_tokens_and_costs_are_plausible(lake):
    assert figure(lake, "SELECT count(*) FROM spans WHERE end_time < start_time OR latency_ms < 0") == 0
    assert figure(lake, "SELECT count(*) FROM spans WHERE cost_usd > 0 AND model IS NOT NULL") > 5_000
    assert 0.01 < figure(lake, "SELECT avg((status_code = 'ERROR')::int) FROM spans") < 0.1
    assert figure(lake, "SELECT count(DISTINCT name) FROM spans") > 14
    assert (
        figure(lake, "SELECT count(*) FROM spans WHERE tools IS NOT NULL AND output_messages LIKE '%tool_calls%'") > 0
    )
    assert figure(lake, "SELECT count(*) FROM spans WHERE documents IS NOT NULL") > 0


def test_the_command_writes_a_lake(tmp_path):
    command = [sys.executable, "-m", "deployments.simulator", "lake", "--root", str(tmp_path), "--spans", "500"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "500 simulated rows" in done.stderr
    assert list(tmp_path.glob("spans/project=nightjar-volume/date=*/hour=*/part.parquet"))
