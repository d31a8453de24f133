"""Run a deployment on a Prefect server and watch it, over the server's HTTP interface."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tasks.shared.errors import ServiceRefused, ServiceUnavailable

TERMINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class FlowRun:
    """A flow run that has ended."""

    id: str
    state: str
    message: str

    @property
    def completed(self) -> bool:
        """Whether it did what it should."""
        return self.state == "COMPLETED"


def run_deployment(
    api_url: str,
    name: str,
    parameters: dict[str, Any],
    watch: Callable[[str], None],
    *,
    timeout_seconds: float = 900.0,
) -> FlowRun:
    """Run the deployment `flow/deployment` and return when it has ended, however; *watch* is told what it is doing.

    Raises ServiceRefused for an unknown deployment, ServiceUnavailable when it has not ended in time.
    """
    deadline = time.monotonic() + timeout_seconds
    with httpx.Client(base_url=api_url, timeout=30, trust_env=False) as client:
        deployment = _json(client.get(f"/deployments/name/{name}"))
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        run = _json(client.post(f"/deployments/{deployment['id']}/create_flow_run", json=body))
        while run["state_type"] not in TERMINAL:
            if time.monotonic() > deadline:
                raise ServiceUnavailable(
                    f"{name} is {run['state_type']} after {timeout_seconds:.0f} s. Look at its log in Prefect, "
                    "and check that the worker runs (make status)."
                )
            watch(_doing(client, run))
            time.sleep(POLL_SECONDS)
            run = _json(client.get(f"/flow_runs/{run['id']}"))
    return FlowRun(run["id"], run["state_type"], run["state"].get("message") or "")


def _doing(client: httpx.Client, run: dict[str, Any]) -> str:
    """What a run is at: its newest subflow and how many there were, or its own state."""
    body = {
        "flow_runs": {"parent_flow_run_id": {"any_": [run["id"]]}},
        "sort": "EXPECTED_START_TIME_DESC",
        "limit": 200,
    }
    subflows = _json(client.post("/flow_runs/filter", json=body))
    if not subflows:
        return str(run["state_name"]).lower()
    newest = subflows[0]
    flow = _json(client.get(f"/flows/{newest['flow_id']}"))["name"]
    day = str((newest["parameters"].get("window") or {}).get("start", ""))[:10]
    return f"{flow} {day} (subflow {len(subflows)})"


def _json(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise ServiceRefused(f"Prefect answered {answer.status_code} to {answer.request.url}: {answer.text[:300]}")
    return answer.json()
