"""A failed check shows in a real flow run, from a plain task and from a thread of an async one."""

import asyncio

import httpx
import pytest
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.context import get_run_context
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.shared.checks import gate
from tasks.shared.errors import CheckFailed
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS
from tests.conftest import Servers
from tests.shared.checks.staged_rows import good, staged


@pytest.mark.servers
async def test_failed_checks_are_artifacts_of_the_flow_run(servers: Servers, lake: Lake) -> None:
    rows = [good(SPANS, "early", latency_ms=-5.0)]

    @task
    def in_a_task() -> None:
        with staged(lake, SPANS, rows, project="plain") as stage, pytest.raises(CheckFailed):
            gate(stage, lake, CheckSettings(), create_markdown_artifact)

    @task
    async def in_a_thread() -> None:
        with staged(lake, SPANS, rows, project="threaded") as stage, pytest.raises(CheckFailed):
            await asyncio.to_thread(gate, stage, lake, CheckSettings(), create_markdown_artifact)

    @flow
    async def checked() -> str:
        in_a_task()
        await in_a_thread()
        return str(get_run_context().flow_run.id)

    with temporary_settings({PREFECT_API_URL: servers.prefect_api_url}):
        run_id = await checked()

    async with httpx.AsyncClient(timeout=20) as client:
        wanted = {"flow_runs": {"id": {"any_": [run_id]}}}
        answer = await client.post(f"{servers.prefect_api_url}/artifacts/filter", json=wanted)
    artifacts = sorted(answer.raise_for_status().json(), key=lambda artifact: str(artifact["description"]))
    assert [artifact["key"] for artifact in artifacts] == ["checks-spans", "checks-spans"]
    assert artifacts[0]["description"].startswith("spans of plain on 2026-11-19: 1 of 9 checks failed, rows kept out.")
    assert artifacts[1]["description"].startswith("spans of threaded on 2026-11-19")
    assert "| early | latency\\_ms -5.0 is not at least 0 |" in artifacts[0]["data"]
