"""Where to look: the pages that show what the flows made of a project's day."""

import datetime as dt
from pathlib import Path
from urllib.parse import quote

import httpx

from deployments.local.stack import Stack
from tasks.shared.gateways.mlflow import experiment_name, runs_page
from tasks.shared.settings import Settings


def phoenix_project(stack: Stack, project: str) -> str:
    """The project's page in Phoenix."""
    answer = httpx.get(f"{stack.phoenix_url}/v1/projects/{quote(project, safe='')}", timeout=30, trust_env=False)
    return f"{stack.phoenix_url}/projects/{answer.raise_for_status().json()['data']['id']}"


def mlflow_experiment(stack: Stack, settings: Settings, project: str) -> str:
    """The page of the project's experiment in MLflow."""
    answer = httpx.get(
        f"{stack.mlflow_url}/api/2.0/mlflow/experiments/get-by-name",
        params={"experiment_name": experiment_name(settings, project)},
        timeout=30,
        trust_env=False,
    )
    return runs_page(stack.mlflow_url, answer.raise_for_status().json()["experiment"]["experiment_id"])


def flow_run(stack: Stack, run_id: str) -> str:
    """A flow run's page in Prefect."""
    return f"{stack.url('prefect')}/runs/flow-run/{run_id}"


def report(settings: Settings, project: str, day: dt.date) -> str:
    """The day's report."""
    return _newest(settings, f"reports/date={day}/project={quote(project, safe='')}/*.html")


def comparison(settings: Settings, project: str, gate: str, baseline: str = "*", candidate: str = "*") -> str:
    """The newest report that compares two variants for the gate, or those experiments."""
    folder = f"reports/comparisons/project={quote(project, safe='')}/gate={quote(gate, safe='')}"
    return _newest(settings, f"{folder}/{baseline}-{candidate}/*.html")


def failures(settings: Settings, project: str) -> str:
    """The newest report on where an agent fails."""
    return _newest(settings, f"reports/failures/project={quote(project, safe='')}/*/*/report.html")


def validation(settings: Settings, project: str, day: dt.date) -> str:
    """The newest page that says which checks a batch of the day passed and failed."""
    return _newest(settings, f"validations/project={quote(project, safe='')}/date={day}/spans-*.html")


def _newest(settings: Settings, pattern: str) -> str:
    if settings.lake.root.startswith("s3://"):
        return f"{settings.lake.root.rstrip('/')}/{pattern}"
    found = sorted(settings.lake.local_root.glob(pattern), key=lambda path: path.stat().st_mtime)
    return found[-1].as_uri() if found else f"none at {Path(settings.lake.local_root) / pattern}"
