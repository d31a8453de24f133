"""Deployed as in production: prefect.yaml on a real server, a process worker, `nightly` from the command line."""

import asyncio
import datetime as dt
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from deployments.deploy import POOL, TRACKING_LIMIT, deploy
from deployments.local.parts import worker
from deployments.local.processes import free_port
from deployments.local.stack import Stack, down
from deployments.local.state import State
from deployments.simulator.delivery import send
from deployments.simulator.simulation import Simulation, simulate
from deployments.simulator.traffic import Traffic
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ALERT_EVENTS

pytestmark = pytest.mark.servers
DAY = dt.date(2026, 11, 11)
WATCH_SECONDS = 240


@dataclass(frozen=True)
class Deployed:
    """A folder with a nightjar.toml, whose deployments a worker runs."""

    home: Path
    project: str
    api_url: str

    def get(self, path: str) -> Any:
        """What Prefect's API answers."""
        return httpx.get(self.api_url + path, timeout=30).raise_for_status().json()

    def run_and_watch(self, name: str, **parameters: str) -> subprocess.CompletedProcess[str]:
        """What a CI shell would call."""
        given = [argument for key, value in parameters.items() for argument in ("--param", f'{key}="{value}"')]
        watch = ["--watch", "--watch-interval", "1", "--watch-timeout", str(WATCH_SECONDS)]
        command = [sys.executable, "-m", "prefect", "deployment", "run", name, *given, *watch]
        environment = {**os.environ, "PREFECT_API_URL": self.api_url}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def deployed(servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    home, project = tmp_path_factory.mktemp("home"), f"test-deployed-{uuid.uuid4().hex[:8]}"
    (home / "nightjar.toml").write_text(
        f'project = "{project}"\n[lake]\nroot = "{home / "lake"}"\n'
        f'[phoenix]\nurl = "{servers.phoenix_url}"\n[mlflow]\ntracking_uri = "{servers.mlflow_url}"\n'
    )
    state = State(home, {"prefect": urlsplit(servers.prefect_api_url).port or 80, "worker": free_port()})
    stack = Stack(state, {"worker": worker(home, state.ports)})
    deployed = Deployed(home, project, servers.prefect_api_url)
    deploy(servers.prefect_api_url, home, owner="tests", tier="dev")
    try:
        stack.launch(["worker"])
        yield deployed
    finally:
        down(state)
        for deployment in httpx.post(f"{servers.prefect_api_url}/deployments/filter", json={}, timeout=30).json():
            httpx.delete(f"{servers.prefect_api_url}/deployments/{deployment['id']}", timeout=30)
        for automation in httpx.post(f"{servers.prefect_api_url}/automations/filter", json={}, timeout=30).json():
            httpx.delete(f"{servers.prefect_api_url}/automations/{automation['id']}", timeout=30)
        # Runs that other tests kill would hold its one slot for a minute each.
        httpx.delete(f"{servers.prefect_api_url}/v2/concurrency_limits/{TRACKING_LIMIT}", timeout=30).raise_for_status()


@pytest.fixture(scope="module")
def traffic(deployed: Deployed, servers) -> Simulation:
    simulation = simulate(Traffic(project=deployed.project, days=1, until=DAY, spans=150, incident=None))
    asyncio.run(send(simulation, servers.phoenix_url))
    return simulation


def test_nightly_of_a_deployment_runs_green_and_the_shell_sees_exit_code_0(
    deployed: Deployed, traffic: Simulation, servers
) -> None:
    answer = deployed.run_and_watch("nightly/nightly", date=str(DAY))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert list((deployed.home / "lake").glob(f"spans/project={deployed.project}/date={DAY}/*/*.parquet"))
    assert list((deployed.home / "lake").glob(f"reports/date={DAY}/project={deployed.project}/*.html"))
    found = httpx.get(
        f"{servers.mlflow_url}/api/2.0/mlflow/experiments/get-by-name",
        params={"experiment_name": f"{deployed.project}_dev_llm_v1"},
        timeout=30,
    )
    assert found.status_code == 200, found.text


def test_a_run_that_fails_gives_the_shell_exit_code_1(deployed: Deployed) -> None:
    answer = deployed.run_and_watch("nightly/nightly", date=str(DAY), until=str(DAY - dt.timedelta(days=1)))
    assert answer.returncode == 1, answer.stdout + answer.stderr


def test_a_run_that_failed_is_an_alert_by_the_automation(deployed: Deployed) -> None:
    lake = Lake.open(LakeSettings(root=str(deployed.home / "lake")))
    deadline = time.monotonic() + WATCH_SECONDS
    found: list[dict[str, Any]] = []
    while not found and time.monotonic() < deadline:
        time.sleep(1)
        found = [row for row in lake.read(ALERT_EVENTS, deployed.project).to_pylist() if row["event"] == "raised"]
    assert [(row["rule"], row["series"]) for row in found] == [("pipeline_failed", "deployment=nightly")]
    assert f"until {DAY - dt.timedelta(days=1)} is before date {DAY}" in found[0]["message"]


def test_deploying_again_changes_nothing(deployed: Deployed) -> None:
    before = deployed.get("/deployments/name/nightly/nightly")
    deploy(deployed.api_url, deployed.home, owner="tests", tier="dev")
    after = deployed.get("/deployments/name/nightly/nightly")
    assert after["id"] == before["id"]
    assert [s["schedule"]["cron"] for s in after["schedules"]] == ["0 8 * * *"]


def test_a_deployment_says_who_owns_it_waits_its_turn_and_retries(deployed: Deployed) -> None:
    nightly = deployed.get("/deployments/name/nightly/nightly")
    assert nightly["tags"] == ["owner:tests", "tier:dev"]
    assert nightly["work_pool_name"] == POOL
    assert nightly["global_concurrency_limit"]["limit"] == 1
    assert nightly["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    assert nightly["job_variables"]["env"]["PREFECT_TASKS_DEFAULT_RETRIES"] == "3"
    assert nightly["description"]


def test_tracking_has_its_concurrency_limit_of_one(deployed: Deployed) -> None:
    assert deployed.get(f"/v2/concurrency_limits/{TRACKING_LIMIT}")["limit"] == 1
