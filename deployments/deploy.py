"""`python -m deployments.deploy`: put prefect.yaml's deployments on the Prefect server of the settings.

Creates the work pool and the concurrency limit they need. Running it again changes nothing.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from tasks.shared.errors import ConfigurationError, NightjarError, ServiceRefused, ServiceUnavailable
from tasks.shared.settings import load_settings

PREFECT_YAML = Path(__file__).parents[1] / "prefect.yaml"
POOL = "nightjar"
# One live MLflow run per project and day: MLflow has no uniqueness, so tracking runs one at a time.
TRACKING_LIMIT = "nightjar-tracking"


def deploy(api_url: str, home: Path, owner: str, tier: str, more: Mapping[str, str] | None = None) -> None:
    """Apply prefect.yaml to the server at *api_url*: tagged with *owner* and *tier*, its runs working in *home*.

    *more* are variables for Prefect's command.
    """
    asyncio.run(_create_what_deployments_need(api_url))
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(PREFECT_YAML)]
    environment = {
        **os.environ,
        "PREFECT_API_URL": api_url,
        "NIGHTJAR_HOME": str(home),
        "NIGHTJAR_OWNER": owner,
        "NIGHTJAR_TIER": tier,
        "DO_NOT_TRACK": "true",
        **(more or {}),
    }
    answer = subprocess.run(
        command, env=environment, cwd=PREFECT_YAML.parent, capture_output=True, text=True, check=False, timeout=300
    )
    if answer.returncode:
        end = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-6:])
        raise ServiceRefused(f"prefect deploy to {api_url} failed. Its last words:\n{end}")


async def _create_what_deployments_need(api_url: str) -> None:
    """The process work pool, unless one of that name is there (of any type), and the concurrency limit."""
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.workers.process import ProcessWorker

    try:
        with temporary_settings({PREFECT_API_URL: api_url}):
            server = get_client()
        async with server as client:
            try:
                await client.read_work_pool(POOL)
            except ObjectNotFound:
                template = ProcessWorker.get_default_base_job_template()
                await client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
            await client.upsert_global_concurrency_limit_by_name(TRACKING_LIMIT, 1)
    except httpx.TransportError as error:
        raise ServiceUnavailable(
            f"no Prefect server answers at {api_url} ({error}). Start one (`make up`) or set prefect_api_url."
        ) from error


def main() -> int:
    """Deploy to the server of the settings; returns the exit code."""
    try:
        settings = load_settings()
        api_url = settings.prefect_api_url
        if not api_url:
            raise ConfigurationError("no Prefect server is known. Run `make up`, or set prefect_api_url.")
        home = Path(os.environ.get("NIGHTJAR_HOME", PREFECT_YAML.parent))
        deploy(api_url, home, settings.owner, settings.tier)
    except NightjarError as error:
        Console(stderr=True).print(f"nightjar: {error}", style="red", markup=False, soft_wrap=True)
        return error.exit_code
    print(f"Deployed prefect.yaml to {api_url}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
